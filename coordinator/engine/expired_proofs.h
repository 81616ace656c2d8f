// Which proofs need not be kept any more, by the market's rule of retention.
#pragma once

#include <vector>

#include "coordinator/market/market.h"

namespace prooflode::engine {

struct ExpiredProofs {
  struct Proof {
    Micros ended{};  // its job
    market::LeafIndex leaf = 0;
    friend auto operator<=>(const Proof&, const Proof&) = default;
  };
  Micros kept_from{};         // those of jobs that ended before
  std::vector<Proof> proofs;  // in the order of ends

  std::vector<market::LeafIndex> Leaves() const {
    std::vector<market::LeafIndex> leaves;
    for (const Proof& proof : proofs) leaves.push_back(proof.leaf);
    return leaves;
  }
};
// Those of jobs that ended since `since`, of winners and of all others; none where all are kept. Cost:
// O(jobs).
ExpiredProofs FindExpiredProofs(const market::Market& market, Micros now, Micros since);

}  // namespace prooflode::engine
