// Waits between retries: exponential growth with full jitter (uniform from zero to the bound), so that a
// thousand miners do not come back at the same moment.
#pragma once

#include "base/env.h"

namespace prooflode::client {

struct BackoffOptions {
  Micros initial = Millis(100);
  Micros max = Seconds(10);
};

// Not thread-safe. `random` must outlive it.
class Backoff {
 public:
  Backoff(const BackoffOptions& options, Random& random) : options_(options), random_(random) {}

  // The next wait; the bound doubles each time up to `max`.
  Micros Next();
  // After success: begin again with `initial`.
  void Reset() { bound_ = Micros{0}; }

 private:
  const BackoffOptions options_;
  Random& random_;
  Micros bound_{};
};

}  // namespace prooflode::client
