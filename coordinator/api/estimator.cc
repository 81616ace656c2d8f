#include "coordinator/api/estimator.h"

#include <algorithm>

#include "base/odds.h"

namespace prooflode::api {
namespace {

constexpr double kWeight = 0.3;  // of the newest time
// Smaller domains measure what every proof costs, not what a row does.
constexpr uint64_t kDomainMin = 1 << 12;

void Blend(double& mean, double newest) { mean = mean == 0 ? newest : mean + kWeight * (newest - mean); }

// Keeps at most `most`; the entry that was used longest ago goes.
template <typename Map>
void Bound(Map& map, size_t most) {
  if (map.size() <= most) return;
  map.erase(std::min_element(map.begin(), map.end(),
                             [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
}

}  // namespace

void Estimator::Learn(const Proof& proof) {
  const double us = static_cast<double>(std::max<int64_t>(Count(proof.took), 1));
  ++proofs_;
  Miner& miner = miners_[proof.miner];
  miner.used = proofs_;
  Blend(miner.circuit_us[proof.circuit], us);
  if (miner.circuit_us.size() > kCircuitsOfMinerMax) {
    const auto first = miner.circuit_us.begin();
    miner.circuit_us.erase(first->first == proof.circuit ? std::next(first) : first);
  }
  if (proof.domain_size >= kDomainMin) Blend(miner.row_us, us / static_cast<double>(proof.domain_size));
  Circuit& circuit = circuits_[proof.circuit];
  circuit.used = proofs_;
  circuit.recent.push_back(proof.took);
  if (circuit.recent.size() > kRecent) circuit.recent.pop_front();
  circuit.deciles = DecilesOf({circuit.recent.begin(), circuit.recent.end()});
  Bound(miners_, kMinersMax);
  Bound(circuits_, kCircuitsMax);
}

Micros Estimator::Predicted(const market::Identity& miner, const Race& race, const Circuit* circuit) const {
  if (const auto known = miners_.find(miner); known != miners_.end()) {
    const auto own = known->second.circuit_us.find(race.circuit);
    if (own != known->second.circuit_us.end()) return Micros{static_cast<int64_t>(own->second)};
    if (known->second.row_us > 0) {
      return Micros{static_cast<int64_t>(known->second.row_us * static_cast<double>(race.domain_size))};
    }
  }
  return circuit == nullptr ? Micros{} : circuit->deciles[circuit->deciles.size() / 2];
}

v1::Estimate Estimator::EstimateFor(const market::Identity& miner, const Race& race) const {
  const auto known = circuits_.find(race.circuit);
  const Circuit* const circuit = known == circuits_.end() ? nullptr : &known->second;
  const Micros predicted = Predicted(miner, race, circuit);
  // With a width, the places that are free now are taken by the time that counts.
  const uint32_t rivals = race.width == 0 ? race.racers : std::max(race.racers, race.width - 1);
  v1::Estimate estimate;
  estimate.set_predicted_us(Count(predicted));
  estimate.set_racers(race.racers);
  estimate.set_rivals(rivals);
  double chance = 1.0 / (1.0 + rivals);
  if (circuit != nullptr) {
    for (const Micros decile : circuit->deciles) estimate.add_decile_us(Count(decile));
    chance = WinChance(circuit->deciles, predicted, rivals);
  }
  estimate.set_win_chance(chance);
  estimate.set_expected_units(Count(ExpectedValue(race.reward, chance)));
  if (Count(predicted) > 0) {
    estimate.set_expected_units_per_hour(Count(ExpectedPerHour(race.reward, chance, predicted)));
  }
  return estimate;
}

}  // namespace prooflode::api
