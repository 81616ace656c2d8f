// The real clock and the operating system's randomness. Thread-safe.
#pragma once

#include "base/env.h"

namespace prooflode {

class RealClock final : public Clock {
 public:
  Micros MonotonicNow() override;
  Micros WallNow() override;
  void Sleep(Micros duration) override;
};

class RealRandom final : public Random {
 public:
  void Fill(std::span<uint8_t> out) override;
};

}  // namespace prooflode
