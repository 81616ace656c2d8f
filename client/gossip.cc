#include "client/gossip.h"

namespace prooflode::client {

StatusOr<size_t> Gossip(LogClient& client, LogView& view, const transparency::LogKeys& log, size_t most,
                        const CallOptions& call) {
  const LogView::ProofSource proofs = [&](uint64_t from, uint64_t to) {
    return client.GetConsistencyProof(from, to, call);
  };
  size_t compared = 0;
  const StatusOr<std::string> newest = client.GetCheckpoint(0, call);
  if (newest.ok()) {
    PL_RETURN_IF_ERROR(view.TakeCheckpoint(log, *newest, proofs));
    PL_RETURN_IF_ERROR(client.PutCheckpoint(*newest, call).status());
    ++compared;
  } else if (!absl::IsNotFound(newest.status())) {
    return newest.status();
  }
  PL_ASSIGN_OR_RETURN(const auto seen, client.ListSeenCheckpoints(static_cast<uint32_t>(most), call));
  for (const v1::SeenCheckpoint& item : seen.checkpoints()) {
    if (newest.ok() && item.checkpoint() == *newest) continue;
    const Status fits = view.TakeCheckpoint(log, item.checkpoint(), proofs);
    // Without this log's signature it says nothing, whoever showed it.
    if (absl::IsInvalidArgument(fits) || absl::IsUnauthenticated(fits)) continue;
    PL_RETURN_IF_ERROR(fits);
    ++compared;
  }
  return compared;
}

}  // namespace prooflode::client
