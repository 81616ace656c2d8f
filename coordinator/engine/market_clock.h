// The market's time: it runs with the monotonic clock and follows the calendar by slewing alone, so that a
// wall clock that jumps, either way, neither stops the market nor lets everything expire at once. Pure
// arithmetic on what the clock says. Thread-safe: all who ask are told one sequence of times.
#pragma once

#include "base/env.h"
#include "base/mutex.h"

namespace prooflode::engine {

class MarketClock {
 public:
  // Until StartAfter it is an error to ask for the time. `clock` must outlive this.
  explicit MarketClock(Clock& clock) : clock_(clock) {}

  // Starts at the wall's time, or at `last` where that is later: the time of the log's last leaf.
  void StartAfter(Micros last);

  // Never falls. Between two calls it advances by the monotonic time that passed, at most 10 % more or less
  // as the wall clock is ahead or behind.
  Micros Now();

  // What Now said last.
  Micros last() const {
    MutexLock lock(mutex_);
    return last_;
  }

 private:
  Clock& clock_;
  mutable Mutex mutex_;
  Micros last_ PL_GUARDED_BY(mutex_) = Micros{};
  Micros monotonic_ PL_GUARDED_BY(mutex_) = Micros{};  // when last_ was said
};

}  // namespace prooflode::engine
