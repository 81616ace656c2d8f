#include "coordinator/api/estimator.h"

#include <algorithm>
#include <cmath>

#include "base/forecast.h"
#include "base/odds.h"
#include "coordinator/market/draw.h"

namespace prooflode::api {
namespace {

constexpr double kWeight = 0.3;  // of the newest time
// Smaller domains measure what every proof costs, not what a row does.
constexpr uint64_t kDomainMin = 1 << 12;
constexpr uint32_t kForecastWidthMax = 5;

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
  ++learned_;
  Miner& miner = miners_[proof.miner];
  miner.used = learned_;
  Blend(miner.circuit_us[proof.circuit], us);
  if (miner.circuit_us.size() > kCircuitsOfMinerMax) {
    const auto first = miner.circuit_us.begin();
    miner.circuit_us.erase(first->first == proof.circuit ? std::next(first) : first);
  }
  if (proof.domain_size >= kDomainMin) Blend(miner.row_us, us / static_cast<double>(proof.domain_size));
  Circuit& circuit = circuits_[proof.circuit];
  circuit.used = learned_;
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

Estimator::Crowd& Estimator::CrowdFor(const market::CircuitId& circuit) {
  Crowd& crowd = crowds_[circuit];
  crowd.used = ++learned_;
  Bound(crowds_, kCircuitsMax);
  return crowd;
}

void Estimator::LearnDraw(const market::Drawn& drawn, const market::CircuitId& circuit) {
  if (drawn.candidates == 0) return;
  const double tickets = static_cast<double>(drawn.tickets) / drawn.candidates;
  for (Crowd* crowd : {&CrowdFor(circuit), &market_crowd_}) {
    Blend(crowd->candidates, drawn.candidates);
    Blend(crowd->tickets, tickets);
  }
}

void Estimator::LearnOpenRace(const market::CircuitId& circuit, uint32_t racers) {
  for (Crowd* crowd : {&CrowdFor(circuit), &market_crowd_}) Blend(crowd->open_racers, racers);
}

// What is not known of the circuit is taken from the whole market.
Estimator::Crowd Estimator::CrowdOf(const market::CircuitId& circuit) const {
  const auto known = crowds_.find(circuit);
  Crowd crowd = known == crowds_.end() ? market_crowd_ : known->second;
  if (crowd.candidates == 0) {
    crowd.candidates = market_crowd_.candidates;
    crowd.tickets = market_crowd_.tickets;
  }
  if (crowd.open_racers == 0) crowd.open_racers = market_crowd_.open_racers;
  return crowd;
}

v1::Estimate Estimator::EstimateFor(const market::Identity& miner, uint32_t draws_lost,
                                    const Race& race) const {
  const auto known = circuits_.find(race.circuit);
  const Circuit* const circuit = known == circuits_.end() ? nullptr : &known->second;
  const Crowd crowd = CrowdOf(race.circuit);
  Prospect prospect{.predicted = Predicted(miner, race, circuit)};
  v1::Estimate estimate;
  // Whoever reads this is one of those that usually come.
  const bool limited = race.width != 0;
  const double others = std::max(0.0, (limited ? crowd.candidates : crowd.open_racers) - 1);
  uint32_t rivals = std::max(race.racers, static_cast<uint32_t>(std::lround(others)));
  if (limited) {
    const uint32_t seats = std::max(race.racers, race.width - 1);
    // As long as no draw has been held the places are taken to fill up.
    rivals = crowd.candidates == 0
                 ? seats
                 : std::min(seats, race.racers + static_cast<uint32_t>(std::lround(others)));
  }
  if (limited && Count(race.draw_window) > 0) {
    // An offer is made where there is a place: beside the late holder of a hedged lease too.
    const uint32_t places = race.width > race.racers ? race.width - race.racers : 1;
    // Without the second tickets for a key at hand: what the miner has is not known before it asks.
    const uint32_t tickets = market::TicketsOf(draws_lost, /*resident=*/false);
    prospect.wait = race.draw_window;
    prospect.place = DrawChance(places, tickets, others, std::max(1.0, crowd.tickets));
    estimate.set_draw_window_us(Count(race.draw_window));
    estimate.set_draw_places(places);
    estimate.set_draw_tickets(tickets);
    estimate.set_draw_others(others);
    estimate.set_draw_others_tickets(std::max(1.0, crowd.tickets));
  }
  prospect.win = 1.0 / (1.0 + rivals);
  if (circuit != nullptr) {
    for (const Micros decile : circuit->deciles) estimate.add_decile_us(Count(decile));
    prospect.win = WinChance(circuit->deciles, prospect.predicted, rivals);
  }
  estimate.set_predicted_us(Count(prospect.predicted));
  estimate.set_racers(race.racers);
  estimate.set_rivals(rivals);
  estimate.set_place_chance(prospect.place);
  estimate.set_win_chance(prospect.win);
  estimate.set_expected_units(Count(ExpectedValue(race.reward, prospect)));
  if (Count(prospect.predicted) > 0) {
    estimate.set_expected_units_per_hour(Count(ExpectedPerHour(race.reward, prospect)));
  }
  return estimate;
}

void Estimator::ForecastFor(const market::CircuitId& circuit, const Conditions& conditions,
                            v1::ForecastJobResponse* response) const {
  const auto known = circuits_.find(circuit);
  const std::vector<Micros> deciles =
      known == circuits_.end() ? std::vector<Micros>() : known->second.deciles;
  if (known != circuits_.end()) response->set_proofs(static_cast<uint32_t>(known->second.recent.size()));
  response->set_miners(conditions.miners);
  const Crowd crowd = CrowdOf(circuit);
  // Whoever is known to come, else whoever could.
  const auto crowd_of = [&](double seen) {
    return std::max(1u, seen > 0 ? static_cast<uint32_t>(std::lround(seen)) : conditions.miners);
  };
  const auto add = [&](uint32_t racers, Micros wait, const Forecast& forecast) {
    v1::PolicyForecast& out = *response->add_forecasts();
    out.set_racers(racers);
    out.set_waste(forecast.waste);
    if (!deciles.empty()) {
      out.set_half_us(Count(wait + forecast.half));
      out.set_nine_tenths_us(Count(wait + forecast.nine_tenths));
    }
    return out.mutable_policy();
  };
  add(1, conditions.draw_window, ForecastRace(deciles, 1))->mutable_lease();
  add(1, conditions.draw_window, ForecastHedged(deciles, conditions.late_percent))
      ->mutable_lease()
      ->set_hedged(true);
  for (uint32_t width = 2; width <= kForecastWidthMax; ++width) {
    const uint32_t racers = std::min(width, crowd_of(crowd.candidates));
    add(racers, conditions.draw_window, ForecastRace(deciles, racers))->mutable_race()->set_width(width);
  }
  const uint32_t everybody = crowd_of(crowd.open_racers);
  add(everybody, Micros{}, ForecastRace(deciles, everybody))->mutable_race()->set_width(0);
}

}  // namespace prooflode::api
