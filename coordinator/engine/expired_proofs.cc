#include "coordinator/engine/expired_proofs.h"

#include <algorithm>

namespace prooflode::engine {

ExpiredProofs FindExpiredProofs(const market::Market& market, Micros now, Micros since) {
  ExpiredProofs expired{.kept_from = market.ProofsKeptFrom(now)};
  for (const auto& [id, job] : market.jobs()) {
    if (!market::IsFinal(job.state) || job.settled_at < since) continue;
    if (job.settled_at >= expired.kept_from) continue;
    for (const market::Attempt* attempt : market.AttemptsOf(id)) {
      if (attempt->proof_leaf != 0) expired.proofs.push_back({job.settled_at, attempt->proof_leaf});
    }
  }
  std::sort(expired.proofs.begin(), expired.proofs.end());
  return expired;
}

}  // namespace prooflode::engine
