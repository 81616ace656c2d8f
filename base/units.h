// Strong types for time, money and ids, so that one is never taken for another.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>

namespace prooflode {

// A point in time or a duration in microseconds. Engine time is microseconds since the Unix epoch.
enum class Micros : int64_t {};

constexpr int64_t Count(Micros t) { return static_cast<int64_t>(t); }
constexpr Micros operator+(Micros a, Micros b) { return Micros{Count(a) + Count(b)}; }
constexpr Micros operator-(Micros a, Micros b) { return Micros{Count(a) - Count(b)}; }
constexpr Micros Millis(int64_t n) { return Micros{n * 1000}; }
constexpr Micros Seconds(int64_t n) { return Micros{n * 1'000'000}; }
constexpr double ToSeconds(Micros t) { return static_cast<double>(Count(t)) * 1e-6; }
constexpr double ToMillis(Micros t) { return static_cast<double>(Count(t)) * 1e-3; }

// Money in the market's smallest unit.
enum class Amount : uint64_t {};

constexpr uint64_t Count(Amount a) { return static_cast<uint64_t>(a); }
// nullopt where the result would not fit or would be negative.
constexpr std::optional<Amount> CheckedAdd(Amount a, Amount b) {
  if (Count(b) > std::numeric_limits<uint64_t>::max() - Count(a)) return std::nullopt;
  return Amount{Count(a) + Count(b)};
}
constexpr std::optional<Amount> CheckedSub(Amount a, Amount b) {
  if (Count(b) > Count(a)) return std::nullopt;
  return Amount{Count(a) - Count(b)};
}

}  // namespace prooflode
