// A clock that only moves when told, and a seeded generator (xoshiro256**, Blackman and Vigna 2018): what a
// test or a simulation runs on. Not thread-safe.
#pragma once

#include <array>

#include "base/env.h"

namespace prooflode {

class SimClock final : public Clock {
 public:
  explicit SimClock(Micros start = Seconds(1'000'000)) : now_(start) {}
  Micros MonotonicNow() override { return now_; }
  Micros WallNow() override { return now_; }
  void Sleep(Micros duration) override { Advance(duration); }
  void Advance(Micros duration) { now_ = now_ + duration; }

 private:
  Micros now_;
};

class SimRandom final : public Random {
 public:
  explicit SimRandom(uint64_t seed);
  void Fill(std::span<uint8_t> out) override;

 private:
  uint64_t Step();
  std::array<uint64_t, 4> state_;
};

}  // namespace prooflode
