#include "coordinator/engine/expired_proofs.h"

namespace prooflode::engine {

ExpiredProofs FindExpiredProofs(const market::Market& market, Micros now, Micros since) {
  ExpiredProofs expired{.kept_from = market.ProofsKeptFrom(now)};
  for (const auto& [id, job] : market.jobs()) {
    if (!market::IsFinal(job.state) || job.settled_at < since) continue;
    if (job.settled_at >= expired.kept_from) continue;
    for (const market::Attempt* attempt : market.AttemptsOf(id)) {
      if (attempt->proof_leaf != 0) expired.leaves.push_back(attempt->proof_leaf);
    }
  }
  return expired;
}

}  // namespace prooflode::engine
