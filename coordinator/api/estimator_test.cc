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
  const v1::Estimate e = estimator.EstimateFor(Miner(1), Race(1, 4, 1));
  EXPECT_EQ(e.predicted_us(), 0);
  EXPECT_EQ(e.racers(), 1u);
  EXPECT_EQ(e.rivals(), 3u);
  EXPECT_DOUBLE_EQ(e.win_chance(), 0.25);
  EXPECT_EQ(e.expected_units(), 250u);
  EXPECT_EQ(e.expected_units_per_hour(), 0u);
  EXPECT_EQ(e.decile_us_size(), 0);
  EXPECT_DOUBLE_EQ(estimator.EstimateFor(Miner(1), Race(1, 1, 0)).win_chance(), 1);  // a lease
  EXPECT_DOUBLE_EQ(estimator.EstimateFor(Miner(1), Race(1, 0, 9)).win_chance(), 0.1);
}

TEST(Estimator, AMinersOwnTimesComeFirstThenItsRowsThenTheMedian) {
  Estimator estimator;
  for (int i = 0; i < 20; ++i) {
    estimator.Learn(Proof(1, 1, Seconds(2)));
    estimator.Learn(Proof(2, 1, Seconds(10)));
  }
  EXPECT_EQ(estimator.EstimateFor(Miner(1), Race(1, 2, 0)).predicted_us(), 2'000'000);
  EXPECT_EQ(estimator.EstimateFor(Miner(2), Race(1, 2, 0)).predicted_us(), 10'000'000);
  Estimator::Race larger = Race(9, 2, 0);
  larger.domain_size = 2 * kDomain;
  EXPECT_NEAR(static_cast<double>(estimator.EstimateFor(Miner(1), larger).predicted_us()), 4e6, 2);
  const int64_t stranger = estimator.EstimateFor(Miner(3), Race(1, 2, 0)).predicted_us();
  EXPECT_TRUE(stranger == 2'000'000 || stranger == 10'000'000) << stranger;
}

TEST(Estimator, TheFastHaveBetterChances) {
  Estimator estimator;
  for (uint8_t miner = 1; miner <= 11; ++miner) estimator.Learn(Proof(miner, 1, Seconds(miner)));
  double last = 2;
  for (uint8_t miner = 1; miner <= 11; ++miner) {
    const v1::Estimate e = estimator.EstimateFor(Miner(miner), Race(1, 3, 0));
    EXPECT_LT(e.win_chance(), last);
    last = e.win_chance();
  }
  const v1::Estimate middle = estimator.EstimateFor(Miner(6), Race(1, 3, 2));
  EXPECT_DOUBLE_EQ(middle.win_chance(), 0.25);
  EXPECT_EQ(middle.expected_units(), 250u);
  EXPECT_EQ(middle.expected_units_per_hour(), 150'000u);  // 600 proofs an hour
  ASSERT_EQ(middle.decile_us_size(), 11);
  EXPECT_EQ(middle.decile_us(0), 1'000'000);
}

TEST(Estimator, OldTimesAreForgotten) {
  Estimator estimator;
  for (int i = 0; i < 64; ++i) estimator.Learn(Proof(1, 1, Seconds(100)));
  for (int i = 0; i < 64; ++i) estimator.Learn(Proof(1, 1, Seconds(1)));
  const v1::Estimate e = estimator.EstimateFor(Miner(1), Race(1, 2, 0));
  EXPECT_EQ(e.decile_us(10), 1'000'000);
  EXPECT_NEAR(static_cast<double>(e.predicted_us()), 1e6, 10);
}

}  // namespace
}  // namespace prooflode::api
