// What each policy costs and gives: many miners of different speed work off jobs without end, on the market's
// own code (Market::Apply) in simulated time. Losers are told to stop as soon as the market says so. The same
// options give the same figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/market/types.h"

namespace prooflode::sim {

struct EconomyOptions {
  uint64_t first_seed = 1;
  uint32_t seeds = 8;
  uint32_t miners = 50;
  double hours = 2;                 // of simulated time a seed, after a warm-up of ten minutes
  double sigma = 0.5;               // of the speeds, which are lognormal
  Micros prove_time = Seconds(20);  // of a miner of median speed
  double noise = 0.2;  // sigma of a proof's time about what its miner predicts, likewise lognormal
  Micros latency_min = Millis(5);  // one way, a miner's own
  Micros latency_max = Millis(150);
  uint32_t crash_percent = 3;        // of attempts, at a random moment of proving
  Micros crash_pause = Seconds(60);  // until the miner is back
  Micros draw_window = Millis(100);
};

struct PolicyFigures {
  std::string name;
  double jobs_per_hour = 0;
  double p50_s = 0;  // from the first miner's asking for a place to delivery
  double p99_s = 0;
  double wasted = 0;           // part of the proving time that no winner spent
  double fastest_wins = 0;     // part of the wins that the fastest miner has
  double slow_half_wins = 0;   // that the slower half of the miners have
  double slow_half_power = 0;  // part of all speed that they have
  double never_win = 0;        // miners without a win, mean of the seeds
};

// Means over the seeds; percentiles over the jobs of all seeds.
PolicyFigures RunPolicy(const std::string& name, const market::Policy& policy, const EconomyOptions& options);

struct NamedPolicy {
  std::string name;
  market::Policy policy;
};
// Open race, widths 2 to 5, lease, hedged lease.
std::vector<NamedPolicy> ComparedPolicies();

}  // namespace prooflode::sim
