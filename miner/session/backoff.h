// Exponential backoff with full jitter: a delay uniform in [0, min(cap, base·2^n)] for the n-th failure in a
// row, so that a crowd of miners that lost the same coordinator does not come back in step.
#pragma once

#include <algorithm>

#include "base/env.h"

namespace prooflode::miner {

class Backoff {
 public:
  Backoff(Micros base, Micros cap) : base_(base), cap_(cap) {}

  Micros Next(Random& random) {
    const int64_t bound = std::min(Count(cap_), Count(base_) << std::min(failures_, 20));
    ++failures_;
    return Micros{static_cast<int64_t>(random.Below(static_cast<uint64_t>(bound) + 1))};
  }
  void Reset() { failures_ = 0; }

 private:
  Micros base_;
  Micros cap_;
  int failures_ = 0;
};

}  // namespace prooflode::miner
