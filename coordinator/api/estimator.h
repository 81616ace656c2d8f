// What an offer says of its worth to one miner: predicted time, chances of a place and of winning, expected
// value; and what requesters may expect of each policy. Learned from how long proofs took in this market,
// from admission to commit, and from how many asked for places; formulas in base/odds.h and docs/offers.md.
//
// A miner's time for a circuit is the mean of its own, newer ones counting more; else that of its other
// circuits, by the size of the domain; else the median of all miners; else unknown. Memory is bounded; what
// was not needed for longest is forgotten. Not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "coordinator/market/commands.h"
#include "prooflode/v1/market_service.pb.h"
#include "prooflode/v1/miner_service.pb.h"

namespace prooflode::api {

class Estimator {
 public:
  // A proof that was committed: not one that turned out invalid.
  struct Proof {
    market::Identity miner{};
    market::CircuitId circuit{};
    uint64_t domain_size = 0;
    Micros took{};  // from admission to commit
  };
  void Learn(const Proof& proof);

  // A draw that was held.
  void LearnDraw(const market::Drawn& drawn, const market::CircuitId& circuit);
  // A race of everybody that is over, with so many.
  void LearnOpenRace(const market::CircuitId& circuit, uint32_t racers);

  struct Race {
    market::CircuitId circuit{};
    uint64_t domain_size = 0;
    Amount reward{};
    uint32_t width = 0;    // 0: everybody
    uint32_t racers = 0;   // admitted now
    Micros draw_window{};  // of a draw for its places; 0 without
  };
  // What the market is like, besides what was learned.
  struct Conditions {
    uint32_t miners = 0;  // connected
    Micros draw_window{};
    uint32_t late_percent = 0;
  };
  // For each policy that there is, all but the default width.
  void ForecastFor(const market::CircuitId& circuit, const Conditions& conditions,
                   v1::ForecastJobResponse* response) const;

  // For a miner that is not in the race and has lost so many draws since it last won one.
  v1::Estimate EstimateFor(const market::Identity& miner, uint32_t draws_lost, const Race& race) const;

 private:
  struct Miner {
    std::map<market::CircuitId, double> circuit_us;
    double row_us = 0;  // of a row of the domain
    uint64_t used = 0;
  };
  struct Circuit {
    std::deque<Micros> recent;    // the last kRecent
    std::vector<Micros> deciles;  // of them
    uint64_t used = 0;
  };
  // Means of how many come; 0 where nothing is known.
  struct Crowd {
    double candidates = 0;   // in a draw
    double tickets = 0;      // of each of them
    double open_racers = 0;  // in a race of everybody
    uint64_t used = 0;
  };
  static constexpr size_t kRecent = 64;
  static constexpr size_t kCircuitsMax = 4096;
  static constexpr size_t kMinersMax = 20'000;
  static constexpr size_t kCircuitsOfMinerMax = 64;

  Micros Predicted(const market::Identity& miner, const Race& race, const Circuit* circuit) const;
  Crowd CrowdOf(const market::CircuitId& circuit) const;
  Crowd& CrowdFor(const market::CircuitId& circuit);

  std::map<market::Identity, Miner> miners_;
  std::map<market::CircuitId, Circuit> circuits_;
  std::map<market::CircuitId, Crowd> crowds_;
  Crowd market_crowd_;  // of all circuits together
  uint64_t learned_ = 0;
};

}  // namespace prooflode::api
