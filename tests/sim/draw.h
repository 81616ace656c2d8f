// All choices of a simulated world: integers alone, from one seeded generator, so that a seed means the same
// run with every compiler. Not thread-safe.
#pragma once

#include <vector>

#include "base/sim/sim_env.h"
#include "base/units.h"

namespace prooflode::sim {

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  // Uniform in [0, bound). bound > 0.
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }
  // Uniform in [low, high], both ends included. low <= high.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  // True `per_mille` times in a thousand.
  bool Chance(uint32_t per_mille) { return Below(1000) < per_mille; }
  // Between the two, small values as likely as large ones in each power of two. 0 < low <= high.
  int64_t Spread(int64_t low, int64_t high) {
    int doublings = 0;
    for (int64_t value = low; value <= high / 2; value *= 2) ++doublings;
    const int64_t base = low << Below(static_cast<uint64_t>(doublings) + 1);
    return Between(base, base > high / 2 ? high : base * 2);
  }
  Micros Time(Micros low, Micros high) { return Micros{Spread(Count(low), Count(high))}; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  // Zero as often as not, otherwise 1 to `most`: how likely a fault is in this run.
  uint32_t Fault(uint32_t most) { return Chance(500) ? 0 : static_cast<uint32_t>(Between(1, most)); }
  void Fill(std::span<uint8_t> out) { random_.Fill(out); }

 private:
  SimRandom random_;
};

}  // namespace prooflode::sim
