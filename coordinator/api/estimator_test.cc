#include "coordinator/api/estimator.h"

#include <gtest/gtest.h>

namespace prooflode::api {
namespace {

market::Identity Miner(uint8_t n) { return {n}; }
constexpr uint64_t kDomain = 1 << 14;

Estimator::Proof Proof(uint8_t miner, uint8_t circuit, Micros took) {
  return {Miner(miner), {circuit}, kDomain, took};
}
Estimator::Race Race(uint8_t circuit, uint32_t width, uint32_t racers) {
  return {{circuit}, kDomain, Amount{1000}, width, racers};
}

TEST(Estimator, NothingKnownMeansEqualChances) {
  Estimator estimator;
  const v1::Estimate e = estimator.EstimateFor(Miner(1), 0, Race(1, 4, 1));
  EXPECT_EQ(e.predicted_us(), 0);
  EXPECT_EQ(e.racers(), 1u);
  EXPECT_EQ(e.rivals(), 3u);
  EXPECT_DOUBLE_EQ(e.win_chance(), 0.25);
  EXPECT_EQ(e.expected_units(), 250u);
  EXPECT_EQ(e.expected_units_per_hour(), 0u);
  EXPECT_EQ(e.decile_us_size(), 0);
  EXPECT_DOUBLE_EQ(estimator.EstimateFor(Miner(1), 0, Race(1, 1, 0)).win_chance(), 1);  // a lease
  EXPECT_DOUBLE_EQ(estimator.EstimateFor(Miner(1), 0, Race(1, 0, 9)).win_chance(), 0.1);
}

TEST(Estimator, AMinersOwnTimesComeFirstThenItsRowsThenTheMedian) {
  Estimator estimator;
  for (int i = 0; i < 20; ++i) {
    estimator.Learn(Proof(1, 1, Seconds(2)));
    estimator.Learn(Proof(2, 1, Seconds(10)));
  }
  EXPECT_EQ(estimator.EstimateFor(Miner(1), 0, Race(1, 2, 0)).predicted_us(), 2'000'000);
  EXPECT_EQ(estimator.EstimateFor(Miner(2), 0, Race(1, 2, 0)).predicted_us(), 10'000'000);
  Estimator::Race larger = Race(9, 2, 0);
  larger.domain_size = 2 * kDomain;
  EXPECT_NEAR(static_cast<double>(estimator.EstimateFor(Miner(1), 0, larger).predicted_us()), 4e6, 2);
  const int64_t stranger = estimator.EstimateFor(Miner(3), 0, Race(1, 2, 0)).predicted_us();
  EXPECT_TRUE(stranger == 2'000'000 || stranger == 10'000'000) << stranger;
}

TEST(Estimator, TheFastHaveBetterChances) {
  Estimator estimator;
  for (uint8_t miner = 1; miner <= 11; ++miner) estimator.Learn(Proof(miner, 1, Seconds(miner)));
  double last = 2;
  for (uint8_t miner = 1; miner <= 11; ++miner) {
    const v1::Estimate e = estimator.EstimateFor(Miner(miner), 0, Race(1, 3, 0));
    EXPECT_LT(e.win_chance(), last);
    last = e.win_chance();
  }
  const v1::Estimate middle = estimator.EstimateFor(Miner(6), 0, Race(1, 3, 2));
  EXPECT_DOUBLE_EQ(middle.win_chance(), 0.25);
  EXPECT_EQ(middle.expected_units(), 250u);
  EXPECT_EQ(middle.expected_units_per_hour(), 150'000u);  // 600 proofs an hour
  ASSERT_EQ(middle.decile_us_size(), 11);
  EXPECT_EQ(middle.decile_us(0), 1'000'000);
}

// A race of `width` with a draw.
Estimator::Race Drawn(uint8_t circuit, uint32_t width, uint32_t racers) {
  Estimator::Race race = Race(circuit, width, racers);
  race.draw_window = Millis(100);
  return race;
}

TEST(Estimator, PlacesThatAreDrawnForAreNotCertain) {
  Estimator estimator;
  v1::Estimate e = estimator.EstimateFor(Miner(1), 0, Drawn(1, 3, 0));
  EXPECT_DOUBLE_EQ(e.place_chance(), 1);  // no draw was held yet
  EXPECT_EQ(e.rivals(), 2u);
  EXPECT_EQ(e.draw_window_us(), 100'000);
  for (int i = 0; i < 3; ++i) estimator.LearnDraw({.candidates = 6, .tickets = 6}, {1});
  e = estimator.EstimateFor(Miner(1), 0, Drawn(1, 3, 0));
  EXPECT_DOUBLE_EQ(e.draw_others(), 5);
  EXPECT_DOUBLE_EQ(e.draw_others_tickets(), 1);
  EXPECT_EQ(e.draw_places(), 3u);
  EXPECT_EQ(e.draw_tickets(), 1u);
  EXPECT_DOUBLE_EQ(e.place_chance(), 0.5);
  EXPECT_EQ(e.rivals(), 2u);
  EXPECT_DOUBLE_EQ(e.win_chance(), 1.0 / 3);
  EXPECT_EQ(e.expected_units(), 166u);
  // One place is left; who has lost draws has more tickets.
  EXPECT_DOUBLE_EQ(estimator.EstimateFor(Miner(1), 0, Drawn(1, 3, 2)).place_chance(), 1.0 / 6);
  e = estimator.EstimateFor(Miner(1), 4, Drawn(1, 3, 2));
  EXPECT_EQ(e.draw_tickets(), 5u);
  EXPECT_DOUBLE_EQ(e.place_chance(), 0.5);
  // What is not known of a circuit is taken from the market; where there is no draw none is reckoned with.
  EXPECT_DOUBLE_EQ(estimator.EstimateFor(Miner(1), 0, Drawn(2, 3, 2)).place_chance(), 1.0 / 6);
  EXPECT_DOUBLE_EQ(estimator.EstimateFor(Miner(1), 0, Race(1, 3, 2)).place_chance(), 1);
}

TEST(Estimator, RivalsAreThoseWhoUsuallyComeAndNoMoreThanThePlaces) {
  Estimator estimator;
  estimator.LearnDraw({.candidates = 2, .tickets = 2}, {1});
  const v1::Estimate few = estimator.EstimateFor(Miner(1), 0, Drawn(1, 8, 0));
  EXPECT_EQ(few.rivals(), 1u);
  EXPECT_DOUBLE_EQ(few.place_chance(), 1);
  EXPECT_EQ(estimator.EstimateFor(Miner(1), 0, Drawn(1, 8, 3)).rivals(), 4u);
  EXPECT_EQ(estimator.EstimateFor(Miner(1), 0, Drawn(1, 1, 0)).rivals(), 0u);  // a lease
  EXPECT_EQ(estimator.EstimateFor(Miner(1), 0, Drawn(1, 1, 1)).rivals(), 1u);  // beside its late holder
  estimator.LearnOpenRace({1}, 9);
  EXPECT_EQ(estimator.EstimateFor(Miner(1), 0, Race(1, 0, 2)).rivals(), 8u);
  EXPECT_EQ(estimator.EstimateFor(Miner(1), 0, Race(1, 0, 20)).rivals(), 20u);
  EXPECT_EQ(estimator.EstimateFor(Miner(1), 0, Drawn(1, 8, 0)).rivals(), 1u);
}

TEST(Estimator, OldTimesAreForgotten) {
  Estimator estimator;
  for (int i = 0; i < 64; ++i) estimator.Learn(Proof(1, 1, Seconds(100)));
  for (int i = 0; i < 64; ++i) estimator.Learn(Proof(1, 1, Seconds(1)));
  const v1::Estimate e = estimator.EstimateFor(Miner(1), 0, Race(1, 2, 0));
  EXPECT_EQ(e.decile_us(10), 1'000'000);
  EXPECT_NEAR(static_cast<double>(e.predicted_us()), 1e6, 10);
}

TEST(Estimator, ForecastsReckonWithThoseWhoUsuallyCome) {
  Estimator estimator;
  const Estimator::Conditions conditions{.miners = 3, .draw_window = Millis(100), .late_percent = 130};
  v1::ForecastJobResponse unknown;
  estimator.ForecastFor({1}, conditions, &unknown);
  EXPECT_EQ(unknown.proofs(), 0u);
  EXPECT_EQ(unknown.miners(), 3u);
  ASSERT_EQ(unknown.forecasts_size(), 7);  // lease, hedged, widths 2 to 5, everybody
  EXPECT_EQ(unknown.forecasts(5).policy().race().width(), 5u);
  EXPECT_EQ(unknown.forecasts(5).racers(), 3u);  // there are no more
  EXPECT_EQ(unknown.forecasts(5).half_us(), 0);
  EXPECT_DOUBLE_EQ(unknown.forecasts(6).waste(), 1 - 1.0 / 3);

  for (uint8_t second = 1; second <= 11; ++second) estimator.Learn(Proof(second, 1, Seconds(second)));
  estimator.LearnOpenRace({1}, 11);
  v1::ForecastJobResponse known;
  estimator.ForecastFor({1}, conditions, &known);
  EXPECT_EQ(known.proofs(), 11u);
  EXPECT_TRUE(known.forecasts(0).policy().has_lease());
  EXPECT_EQ(known.forecasts(0).half_us(), 6'100'000);
  EXPECT_EQ(known.forecasts(0).nine_tenths_us(), 10'100'000);
  EXPECT_TRUE(known.forecasts(1).policy().lease().hedged());
  EXPECT_LT(known.forecasts(1).nine_tenths_us(), known.forecasts(0).nine_tenths_us());
  EXPECT_GT(known.forecasts(1).waste(), 0);
  EXPECT_EQ(known.forecasts(6).racers(), 11u);
  EXPECT_TRUE(known.forecasts(6).policy().race().has_width());
  for (int i = 3; i < 7; ++i) {
    EXPECT_LE(known.forecasts(i).half_us(), known.forecasts(i - 1).half_us());
    EXPECT_GE(known.forecasts(i).waste(), known.forecasts(i - 1).waste());
  }
}

}  // namespace
}  // namespace prooflode::api
