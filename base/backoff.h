// Waits between retries: exponential growth with full jitter, uniform from zero to a bound that doubles with
// every failure in a row, so that a crowd that lost the same coordinator does not come back in step.
#pragma once

#include <algorithm>

#include "base/env.h"

namespace prooflode {

struct BackoffOptions {
  Micros initial = Millis(100);  // the first bound; more than zero
  Micros max = Seconds(10);
};

// A plain value. Not thread-safe.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) : options_(options) {}

  Micros Next(Random& random) {
    bound_ = Count(bound_) == 0 ? std::min(options_.initial, options_.max)
                                : std::min(options_.max, bound_ + bound_);
    return Micros{static_cast<int64_t>(random.Below(static_cast<uint64_t>(Count(bound_)) + 1))};
  }
  // After success: begin again with `initial`.
  void Reset() { bound_ = Micros{0}; }

 private:
  BackoffOptions options_;
  Micros bound_{};
};

}  // namespace prooflode
