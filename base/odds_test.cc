#include "base/odds.h"

#include <gtest/gtest.h>

namespace prooflode {
namespace {

std::vector<Micros> UpTo(int64_t count) {
  std::vector<Micros> times;
  for (int64_t i = count; i >= 1; --i) times.push_back(Seconds(i));
  return times;
}

TEST(Odds, DecilesAreRisingFromTheFastestToTheSlowest) {
  EXPECT_TRUE(DecilesOf({}).empty());
  const auto of_one = DecilesOf({Seconds(3)});
  EXPECT_EQ(of_one, std::vector<Micros>(11, Seconds(3)));
  const auto deciles = DecilesOf(UpTo(101));
  ASSERT_EQ(deciles.size(), 11u);
  EXPECT_EQ(deciles.front(), Seconds(1));
  EXPECT_EQ(deciles[5], Seconds(51));
  EXPECT_EQ(deciles.back(), Seconds(101));
}

TEST(Odds, PartFasterIsLinearBetweenDeciles) {
  const auto deciles = DecilesOf(UpTo(101));
  EXPECT_EQ(PartFaster(deciles, Millis(500)), 0);
  EXPECT_EQ(PartFaster(deciles, Seconds(200)), 1);
  EXPECT_DOUBLE_EQ(PartFaster(deciles, Seconds(51)), 0.5);
  EXPECT_DOUBLE_EQ(PartFaster(deciles, Seconds(26)), 0.25);
  EXPECT_EQ(PartFaster({}, Seconds(1)), 0.5);
  EXPECT_EQ(PartFaster(DecilesOf({Seconds(3)}), Seconds(3)), 0.5);
}

TEST(Odds, ChanceFallsWithEveryRivalAndWithTime) {
  const auto deciles = DecilesOf(UpTo(101));
  EXPECT_EQ(WinChance(deciles, Seconds(51), 0), 1);
  EXPECT_DOUBLE_EQ(WinChance(deciles, Seconds(51), 2), 0.25);
  EXPECT_DOUBLE_EQ(WinChance(deciles, Seconds(26), 2), 0.5625);
  EXPECT_EQ(WinChance(deciles, Millis(1), 40), 1);
  EXPECT_EQ(WinChance(deciles, Seconds(1000), 1), 0);
  EXPECT_DOUBLE_EQ(WinChance({}, Seconds(1), 3), 0.25);  // nobody is known
}

TEST(Odds, ValueIsTheRewardByItsChance) {
  EXPECT_EQ(ExpectedValue(Amount{1000}, {.win = 0.25}), Amount{250});
  EXPECT_EQ(ExpectedPerHour(Amount{1000}, {.win = 0.25, .predicted = Seconds(36)}), Amount{25'000});
  EXPECT_EQ(ExpectedPerHour(Amount{1000}, {.win = 0, .predicted = Seconds(36)}), Amount{0});
  EXPECT_EQ(Count(ExpectedPerHour(Amount{~uint64_t{0}}, {})), 9'000'000'000'000'000'000u);
}

TEST(Odds, WhoIsNotAdmittedLosesTheWaitAlone) {
  const Prospect prospect{.place = 0.5, .wait = Seconds(2), .win = 0.5, .predicted = Seconds(36)};
  EXPECT_EQ(ExpectedValue(Amount{1000}, prospect), Amount{250});
  EXPECT_EQ(ExpectedPerHour(Amount{1000}, prospect), Amount{45'000});  // 250 every 20 s
}

TEST(Odds, ADrawIsFairAmongEqualsAndFavoursTickets) {
  EXPECT_EQ(DrawChance(1, 1, 0, 1), 1);
  EXPECT_EQ(DrawChance(3, 1, 2, 1), 1);
  EXPECT_EQ(DrawChance(0, 1, 2, 1), 0);
  EXPECT_DOUBLE_EQ(DrawChance(1, 1, 3, 1), 0.25);
  EXPECT_DOUBLE_EQ(DrawChance(2, 1, 4, 1), 0.4);
  EXPECT_DOUBLE_EQ(DrawChance(2, 5, 4, 5), 0.4);
  EXPECT_DOUBLE_EQ(DrawChance(1, 3, 3, 1), 0.5);
  EXPECT_DOUBLE_EQ(DrawChance(1, 1, 1.5, 2), 0.25);
  EXPECT_DOUBLE_EQ(DrawChance(2, 2, 2, 1), 1 - 0.5 * (1.0 / 3));
  EXPECT_LT(DrawChance(3, 1, 9999, 8), 1e-4);
  EXPECT_EQ(DrawChance(4'000'000'000, 1, 9999, 1), 1);
}

}  // namespace
}  // namespace prooflode
