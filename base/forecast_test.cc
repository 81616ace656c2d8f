#include "base/forecast.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/odds.h"
#include "base/sim/sim_env.h"

namespace prooflode {
namespace {

// From 1 s to 101 s, all equally likely.
std::vector<Micros> Even() {
  std::vector<Micros> times;
  for (int64_t i = 1; i <= 101; ++i) times.push_back(Seconds(i));
  return DecilesOf(times);
}

TEST(Forecast, TimeWithinTurnsPartFasterRound) {
  const auto deciles = Even();
  EXPECT_EQ(TimeWithin(deciles, 0), Seconds(1));
  EXPECT_EQ(TimeWithin(deciles, 0.25), Seconds(26));
  EXPECT_EQ(TimeWithin(deciles, 1), Seconds(101));
  EXPECT_EQ(TimeWithin(deciles, 7), Seconds(101));
  EXPECT_EQ(TimeWithin(DecilesOf({Seconds(3)}), 0.7), Seconds(3));
  for (const double share : {0.01, 0.333, 0.5, 0.87}) {
    EXPECT_NEAR(PartFaster(deciles, TimeWithin(deciles, share)), share, 1e-6);
  }
}

TEST(Forecast, WithoutTimesOnlyTheWasteIsKnown) {
  EXPECT_EQ(ForecastRace({}, 4).half, Micros{});
  EXPECT_DOUBLE_EQ(ForecastRace({}, 4).waste, 0.75);
  EXPECT_EQ(ForecastHedged({}, 130).half, Micros{});
}

TEST(Forecast, OneRacerIsALease) {
  const Forecast lease = ForecastRace(Even(), 1);
  EXPECT_EQ(lease.half, Seconds(51));
  EXPECT_EQ(lease.nine_tenths, Seconds(91));
  EXPECT_DOUBLE_EQ(lease.waste, 0);
}

// Plays it: draws times, lets them race and counts.
template <typename Play>
Forecast Played(Play play) {
  SimRandom random(7);
  constexpr size_t kGames = 40'000;
  std::vector<Micros> ends;
  double worked = 0, paid = 0;
  const auto draw = [&] { return Seconds(1) + Micros{static_cast<int64_t>(random.Below(100'000'001))}; };
  for (size_t i = 0; i < kGames; ++i) ends.push_back(play(draw, worked, paid));
  std::sort(ends.begin(), ends.end());
  return {ends[kGames / 2], ends[kGames * 9 / 10], 1 - paid / worked};
}
void ExpectNear(const Forecast& forecast, const Forecast& played) {
  EXPECT_NEAR(static_cast<double>(Count(forecast.half)), static_cast<double>(Count(played.half)), 1.2e6);
  EXPECT_NEAR(static_cast<double>(Count(forecast.nine_tenths)),
              static_cast<double>(Count(played.nine_tenths)), 1.2e6);
  EXPECT_NEAR(forecast.waste, played.waste, 0.01);
}

TEST(Forecast, ARaceIsAsItIsPlayed) {
  for (const uint32_t racers : {2u, 3u, 10u}) {
    ExpectNear(ForecastRace(Even(), racers), Played([&](auto draw, double& worked, double& paid) {
                 Micros first = draw();
                 for (uint32_t i = 1; i < racers; ++i) first = std::min(first, draw());
                 worked += racers * static_cast<double>(Count(first));
                 paid += static_cast<double>(Count(first));
                 return first;
               }));
  }
}

TEST(Forecast, AHedgedLeaseIsAsItIsPlayed) {
  for (const uint32_t percent : {0u, 50u, 130u, 400u}) {
    const Micros late = Micros{510'000 * int64_t{percent}};
    ExpectNear(ForecastHedged(Even(), percent), Played([&](auto draw, double& worked, double& paid) {
                 const Micros holder = draw(), second = draw();
                 if (holder <= late + second) {
                   worked += static_cast<double>(Count(holder + std::max(Micros{}, holder - late)));
                   paid += static_cast<double>(Count(holder));
                   return holder;
                 }
                 worked += static_cast<double>(Count(late + second + second));
                 paid += static_cast<double>(Count(second));
                 return late + second;
               }));
  }
}

}  // namespace
}  // namespace prooflode
