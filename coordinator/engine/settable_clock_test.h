// A clock whose wall can be set, as an administrator or a time daemon does.
#pragma once

#include "base/env.h"

namespace prooflode::engine {

class SettableClock final : public Clock {
 public:
  Micros MonotonicNow() override { return monotonic_; }
  Micros WallNow() override { return wall_; }
  void Sleep(Micros duration) override { Advance(duration); }
  void Advance(Micros duration) {
    monotonic_ = monotonic_ + duration;
    wall_ = wall_ + duration;
  }
  void JumpWall(Micros by) { wall_ = wall_ + by; }

 private:
  Micros monotonic_ = Seconds(50);
  Micros wall_ = Seconds(1'000'000);
};

}  // namespace prooflode::engine
