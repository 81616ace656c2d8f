// The seams to the non-deterministic world, handed down explicitly: nothing below main() reads a clock or
// asks the system for randomness in any other way. Real forms in base/real_env.h, simulated ones in
// base/sim/.
#pragma once

#include <cstdint>
#include <span>

#include "base/units.h"

namespace prooflode {

class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes back; unrelated to the calendar. For durations and timers.
  virtual Micros MonotonicNow() = 0;
  // Microseconds since the Unix epoch; may jump. For display and for stamping commands.
  virtual Micros WallNow() = 0;
  // Blocks the calling thread (a simulated clock advances instead).
  virtual void Sleep(Micros duration) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  // Fills `out` with uniform bytes. The real form reads the operating system's generator and aborts if it
  // fails: proofs with weak blinding leak their witness.
  virtual void Fill(std::span<uint8_t> out) = 0;

  uint64_t Next64();
  // Uniform in [0, bound) by rejection. bound > 0.
  uint64_t Below(uint64_t bound);
};

}  // namespace prooflode
