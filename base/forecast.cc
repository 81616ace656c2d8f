#include "base/forecast.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace prooflode {

Micros TimeWithin(std::span<const Micros> deciles, double share) {
  PL_CHECK(!deciles.empty());
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(deciles.size() - 1);
  const size_t below = std::min(static_cast<size_t>(place), deciles.size() - 1);
  const size_t above = std::min(below + 1, deciles.size() - 1);
  const double part = place - static_cast<double>(below);
  const double step = static_cast<double>(Count(deciles[above] - deciles[below]));
  return deciles[below] + Micros{std::llround(part * step)};
}

Forecast ForecastRace(std::span<const Micros> deciles, uint32_t racers) {
  PL_CHECK(racers >= 1);
  Forecast forecast{.waste = 1 - 1.0 / racers};
  if (deciles.empty()) return forecast;
  // The first of them needs longer than t with the chance that all do.
  const auto first_within = [&](double share) {
    return TimeWithin(deciles, 1 - std::pow(1 - share, 1.0 / racers));
  };
  forecast.half = first_within(0.5);
  forecast.nine_tenths = first_within(0.9);
  return forecast;
}

Forecast ForecastHedged(std::span<const Micros> deciles, uint32_t late_percent) {
  if (deciles.empty()) return {};
  constexpr size_t kSteps = 64;
  const Micros late = Micros{Count(TimeWithin(deciles, 0.5)) * late_percent / 100};
  std::array<Micros, kSteps> times;
  for (size_t i = 0; i < kSteps; ++i) times[i] = TimeWithin(deciles, (static_cast<double>(i) + 0.5) / kSteps);
  std::array<Micros, kSteps * kSteps> ends;
  double worked_us = 0, paid_us = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    const Micros holder = times[i / kSteps], second = times[i % kSteps];
    const Micros end = ends[i] = std::min(holder, late + second);
    worked_us +=
        static_cast<double>(Count(end)) + static_cast<double>(std::max<int64_t>(Count(end - late), 0));
    paid_us += static_cast<double>(Count(holder <= end ? holder : second));
  }
  std::sort(ends.begin(), ends.end());
  return {.half = ends[ends.size() / 2],
          .nine_tenths = ends[ends.size() * 9 / 10],
          .waste = worked_us > 0 ? 1 - paid_us / worked_us : 0};
}

}  // namespace prooflode
