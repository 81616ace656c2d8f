#include "coordinator/engine/win_share.h"

#include <algorithm>

namespace prooflode::engine {

void WinShare::Won(const market::Identity& miner, Micros at) {
  const int64_t number = Count(at) / Count(step_);
  if (steps_.empty() || steps_.back().number < number) steps_.push_back({.number = number, .wins = {}});
  ++steps_.back().wins[miner];
}

double WinShare::TopRatio(Micros now) {
  const int64_t oldest = Count(now) / Count(step_) - kSteps;
  while (!steps_.empty() && steps_.front().number <= oldest) steps_.pop_front();
  std::map<market::Identity, uint64_t> wins;
  uint64_t all = 0;
  uint64_t most = 0;
  for (const Step& step : steps_) {
    for (const auto& [miner, count] : step.wins) {
      all += count;
      most = std::max(most, wins[miner] += count);
    }
  }
  return all == 0 ? 0 : static_cast<double>(most) / static_cast<double>(all);
}

}  // namespace prooflode::engine
