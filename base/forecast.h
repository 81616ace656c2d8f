// How long a job will take under each policy and how much work it will cost, from how long proofs took
// lately: what a requester chooses a policy by. docs/offers.md explains the formulas. Pure.
//
// Model: every miner takes as long as one of the recent proofs, drawn at random; racers begin at once and
// stop when the first proof is there; nobody fails.
#pragma once

#include <cstdint>
#include <span>

#include "base/units.h"

namespace prooflode {

struct Forecast {
  Micros half{};         // half of such jobs have a proof within this, from the first admission; 0: unknown
  Micros nine_tenths{};  // nine of ten have
  double waste = 0;      // part of the work that goes into proofs nobody pays for, 0 to 1
};

// The time that the part `share` (0 to 1) of proofs takes at most: linear between the rising `deciles`, of
// which there is at least one.
Micros TimeWithin(std::span<const Micros> deciles, double share);

// A race of `racers` (at least 1); one of one is a lease. Without times only the waste is known.
Forecast ForecastRace(std::span<const Micros> deciles, uint32_t racers);

// A lease with a second miner once the first takes longer than `late_percent` of the median. Summed over a
// grid of 4,096 pairs of equally likely times.
Forecast ForecastHedged(std::span<const Micros> deciles, uint32_t late_percent);

}  // namespace prooflode
