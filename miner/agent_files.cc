// How the files of a job come to this machine: out of the cache, from a mirror, from the coordinator.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "client/transfer.h"
#include "miner/agent.h"

namespace prooflode::miner {
namespace {

// While another job fetches the same file.
constexpr Micros kFetchPoll = Millis(50);

// "512.0 MB in 4.10 s (124.9 MB/s)"
std::string RateText(uint64_t bytes, Micros took) {
  const double mb = static_cast<double>(bytes) / 1e6;
  const double seconds = std::max(ToSeconds(took), 1e-3);
  return absl::StrFormat("%.1f MB in %.2f s (%.1f MB/s)", mb, seconds, mb / seconds);
}

}  // namespace

void Agent::OnMirror(const OfferedJob& job, const Mirrors::Try& tried) {
  metrics_.KeyBytes(KeySource::kMirror, tried.bytes);
  if (!tried.fault.empty()) {
    metrics_.KeyFailure(KeySource::kMirror);
    LogWarning("net", "mirror %s of the key of %s is left alone for an hour: %s", tried.host,
               job.circuit_name, tried.fault);
  } else if (tried.whole) {
    LogInfo("net", "key of %s from mirror %s, %s", job.circuit_name, tried.host,
            RateText(tried.bytes, tried.took));
  }
}

Status Agent::DownloadKey(const OfferedJob& job, const std::string& path, const CancelToken& cancel) {
  PL_ASSIGN_OR_RETURN(const bool here,
                      mirrors_.Fetch(job.mirrors, job.zkey, job.zkey_bytes, path, cancel,
                                     [&](const Mirrors::Try& tried) { OnMirror(job, tried); }));
  if (here) return absl::OkStatus();
  uint64_t received = 0;
  const Micros began = clock_.MonotonicNow();
  const Status status = client::Download(connection_, job.zkey, job.zkey_bytes, path,
                                         {.received = &received, .cancel = &cancel});
  metrics_.KeyBytes(KeySource::kCoordinator, received);
  if (status.ok()) {
    LogInfo("net", "key of %s from the coordinator, %s", job.circuit_name,
            RateText(received, clock_.MonotonicNow() - began));
  } else if (!absl::IsCancelled(status)) {
    metrics_.KeyFailure(KeySource::kCoordinator);
  }
  return status;
}

StatusOr<UniqueFd> Agent::FetchOne(ArtifactKind kind, const OfferedJob& job, const CancelToken& cancel,
                                   uint64_t& fetched) {
  const bool is_key = kind == ArtifactKind::kKey;
  const Digest& digest = is_key ? job.zkey : job.witness;
  const uint64_t bytes = is_key ? job.zkey_bytes : job.witness_bytes;
  PL_ASSIGN_OR_RETURN(std::optional<UniqueFd> here, cache_.Find(digest));
  metrics_.CacheRequest(is_key ? "zkey" : "witness", here.has_value());
  while (!here) {
    auto reservation = cache_.Reserve(digest, kind, bytes);
    if (reservation.ok()) {
      const std::string path = (*reservation)->path();
      PL_RETURN_IF_ERROR(is_key ? DownloadKey(job, path, cancel)
                                : client::Download(connection_, digest, bytes, path, {.cancel = &cancel}));
      fetched += bytes;
      return (*reservation)->Finish();
    }
    if (reservation.status().code() != absl::StatusCode::kAborted) return reservation.status();
    if (cancel.cancelled()) return absl::CancelledError("cancelled");
    clock_.Sleep(kFetchPoll);
    PL_ASSIGN_OR_RETURN(here, cache_.Find(digest));
  }
  return *std::move(here);
}

StatusOr<Agent::Files> Agent::FetchFiles(const OfferedJob& job, const CancelToken& cancel,
                                         uint64_t& fetched) {
  Files files;
  PL_ASSIGN_OR_RETURN(files.zkey, FetchOne(ArtifactKind::kKey, job, cancel, fetched));
  PL_ASSIGN_OR_RETURN(files.witness, FetchOne(ArtifactKind::kWitness, job, cancel, fetched));
  return files;
}

}  // namespace prooflode::miner
