// How long a proof will take here, learned from the ones that were made: for each circuit an exponentially
// weighted mean, for unknown circuits the mean cost of a row of the domain. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <map>

#include "miner/session/types.h"

namespace prooflode::miner {

class Predictor {
 public:
  // Time from the files being here to a verified proof.
  Micros ProveTime(const OfferedJob& job) const;
  // Time to fetch what is not here yet: the witness, and the key of a circuit never proven here.
  Micros FetchTime(const OfferedJob& job) const;

  void ProofMade(const OfferedJob& job, Micros duration);
  // Not taken because it would take too long: believed a little less each time, so that one slow proof does
  // not keep a circuit away for ever.
  void Skipped(const OfferedJob& job);
  // `bytes` > 0 came in `duration`.
  void Fetched(uint64_t bytes, Micros duration);

 private:
  struct Circuit {
    double mean_us;
    uint64_t used;  // when it was last proven, for the limit below
  };
  std::map<Digest, Circuit> circuits_;  // at most kCircuitsMax, the longest unused goes
  uint64_t proofs_ = 0;
  double row_us_ = 25;              // until something is known: about four slow cores
  double bytes_per_second_ = 10e6;  // 100 Mbit/s, with the protocol's overhead
};

}  // namespace prooflode::miner
