// What a race is worth to one that enters it: open formulas, the same on both sides of a market, so that a
// miner can check what a coordinator tells it. docs/offers.md explains them. Pure.
//
// Model: whoever else races takes as long as a proof of this circuit, drawn at random from those that were
// made in this market lately, and all begin at once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"

namespace prooflode {

// How long proofs took, as eleven rising times: the fastest, nine deciles, the slowest. Empty for none.
std::vector<Micros> DecilesOf(std::vector<Micros> times);

// The part of proofs that took less than `time`, 0 to 1: linear between deciles. Of equal deciles the middle
// counts. 1/2 where no times are known.
double PartFaster(std::span<const Micros> deciles, Micros time);

// The chance of being the first of 1 + `rivals` with a proof that takes `predicted`: the chance that each
// rival takes longer. Without times 1 / (1 + rivals), as if all were equal.
double WinChance(std::span<const Micros> deciles, Micros predicted, uint32_t rivals);

// The reward by its chance, rounded down; and that for an hour of such work, saturated.
Amount ExpectedValue(Amount reward, double chance);
Amount ExpectedPerHour(Amount reward, double chance, Micros predicted);

}  // namespace prooflode
