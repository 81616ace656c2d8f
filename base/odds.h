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

// The chance of getting one of `places` that are drawn for, with `tickets` of one's own against `others` more
// candidates who have `others_tickets` each on average: 1 - (1 - t/T0) (1 - t/T1) …, a factor for each place,
// where T falls by the tickets of one candidate that is out. Exact where all have the same. 1 where there are
// places for all.
double DrawChance(uint32_t places, double tickets, double others, double others_tickets);

// What lies before whoever asks for a place in a race.
struct Prospect {
  double place = 1;    // chance of getting one
  Micros wait{};       // until that is known
  double win = 1;      // chance of winning, once admitted
  Micros predicted{};  // from the admission to a proof
};
// The reward by both chances; and that for an hour, in which waiting counts, and proving by the chance of a
// place. Amounts are rounded down and saturated.
Amount ExpectedValue(Amount reward, const Prospect& prospect);
double ValuePerHour(Amount reward, const Prospect& prospect);
Amount ExpectedPerHour(Amount reward, const Prospect& prospect);

}  // namespace prooflode
