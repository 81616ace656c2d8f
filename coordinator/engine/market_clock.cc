#include "coordinator/engine/market_clock.h"

#include <algorithm>

namespace prooflode::engine {
namespace {

constexpr int64_t kSlewFraction = 10;  // one tenth faster or slower

}  // namespace

void MarketClock::StartAfter(Micros last) {
  MutexLock lock(mutex_);
  monotonic_ = clock_.MonotonicNow();
  last_ = std::max(last, clock_.WallNow());
}

Micros MarketClock::Now() {
  MutexLock lock(mutex_);
  const Micros monotonic = clock_.MonotonicNow();
  const int64_t passed = std::max<int64_t>(0, Count(monotonic - monotonic_));
  const int64_t slew_max = passed / kSlewFraction;
  // Too short to be slewed: left to the next call, so that frequent calls do not round the slew away.
  if (slew_max == 0) return last_;
  const Micros unslewed = last_ + Micros{passed};
  const int64_t gap = Count(clock_.WallNow() - unslewed);
  last_ = unslewed + Micros{std::clamp(gap, -slew_max, slew_max)};
  monotonic_ = monotonic;
  return last_;
}

}  // namespace prooflode::engine
