#include "coordinator/api/rate_gate.h"

#include <gtest/gtest.h>

#include "base/sim/sim_env.h"

namespace prooflode::api {
namespace {

TEST(RateGate, AMinutesWorthAtOnceAndThenAsItComes) {
  SimClock clock;
  RateGate gate(60, clock);
  const market::Identity busy{1}, other{2};
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(gate.Take(busy));
  EXPECT_FALSE(gate.Take(busy));
  EXPECT_TRUE(gate.Take(other));
  gate.GiveBack(busy);
  EXPECT_TRUE(gate.Take(busy));
  EXPECT_FALSE(gate.Take(busy));
  clock.Advance(Millis(999));
  EXPECT_FALSE(gate.Take(busy));
  clock.Advance(Millis(1));
  EXPECT_TRUE(gate.Take(busy));
  EXPECT_FALSE(gate.Take(busy));
  clock.Advance(Seconds(3600));  // no more than a minute's worth is saved up
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(gate.Take(busy));
  EXPECT_FALSE(gate.Take(busy));
}

TEST(RateGate, ForgetsWhoDoesNothing) {
  SimClock clock;
  RateGate gate(60, clock);
  for (uint8_t i = 0; i < 200; ++i) gate.Take({i});
  EXPECT_EQ(gate.size(), 200u);
  clock.Advance(Seconds(120));
  gate.Take({1});
  EXPECT_EQ(gate.size(), 1u);
}

}  // namespace
}  // namespace prooflode::api
