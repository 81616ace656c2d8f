// Which part of the races of late one miner won: of a window that slides in steps of a sixtieth. Pure; not
// thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "base/units.h"
#include "coordinator/market/types.h"

namespace prooflode::engine {

class WinShare {
 public:
  explicit WinShare(Micros window) : step_(Micros{Count(window) / kSteps}) {}

  // Wins come in order of time; one that does not counts with the latest.
  void Won(const market::Identity& miner, Micros at);
  // Wins of the miner with the most over all wins of the window that ends at `now`; 0 without any. Forgets
  // what is older. Cost: the miners of the window.
  double TopRatio(Micros now);

 private:
  static constexpr int64_t kSteps = 60;
  struct Step {
    int64_t number = 0;
    std::map<market::Identity, uint64_t> wins;
  };

  Micros step_;
  std::deque<Step> steps_;  // in rising order of number
};

}  // namespace prooflode::engine
