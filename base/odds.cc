#include "base/odds.h"

#include <algorithm>
#include <cmath>

namespace prooflode {
namespace {

constexpr size_t kDeciles = 11;

// Amounts beyond it are not distinguished: a double has 53 bits.
Amount AmountOf(double units) {
  constexpr double kMost = 9e18;
  return Amount{units > 0 ? static_cast<uint64_t>(std::min(units, kMost)) : 0};
}

}  // namespace

std::vector<Micros> DecilesOf(std::vector<Micros> times) {
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  std::vector<Micros> deciles;
  for (size_t i = 0; i < kDeciles; ++i) {
    deciles.push_back(times[(times.size() - 1) * i / (kDeciles - 1)]);
  }
  return deciles;
}

double PartFaster(std::span<const Micros> deciles, Micros time) {
  if (deciles.empty()) return 0.5;
  const auto [first, last] = std::equal_range(deciles.begin(), deciles.end(), time);
  const auto place = [&](auto it) { return static_cast<double>(it - deciles.begin()); };
  const double steps = std::max(1.0, static_cast<double>(deciles.size() - 1));
  if (first != last) {
    // Exactly on one or several: half of those that are as fast are faster.
    const double middle = (place(first) + place(last) - 1) / 2;
    return deciles.size() == 1 ? 0.5 : middle / steps;
  }
  if (first == deciles.begin()) return 0;
  if (first == deciles.end()) return 1;
  const double below = static_cast<double>(Count(*std::prev(first)));
  const double above = static_cast<double>(Count(*first));
  const double part = (static_cast<double>(Count(time)) - below) / (above - below);
  return (place(first) - 1 + part) / steps;
}

double WinChance(std::span<const Micros> deciles, Micros predicted, uint32_t rivals) {
  if (deciles.empty()) return 1.0 / (1.0 + rivals);
  return std::pow(1.0 - PartFaster(deciles, predicted), rivals);
}

double DrawChance(uint32_t places, double tickets, double others, double others_tickets) {
  double none = 1;
  for (uint32_t i = 0; i < places; ++i) {
    const double left = others - i;
    if (left <= 0) return 1;
    none *= 1 - tickets / (tickets + left * others_tickets);
  }
  return 1 - none;
}

Amount ExpectedValue(Amount reward, const Prospect& prospect) {
  return AmountOf(static_cast<double>(Count(reward)) * prospect.place * prospect.win);
}

double ValuePerHour(Amount reward, const Prospect& prospect) {
  const double us = static_cast<double>(Count(prospect.wait)) +
                    prospect.place * static_cast<double>(Count(prospect.predicted));
  return static_cast<double>(Count(reward)) * prospect.place * prospect.win * 3600e6 / std::max(us, 1.0);
}

Amount ExpectedPerHour(Amount reward, const Prospect& prospect) {
  return AmountOf(ValuePerHour(reward, prospect));
}

}  // namespace prooflode
