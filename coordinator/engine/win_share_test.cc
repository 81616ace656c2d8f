#include "coordinator/engine/win_share.h"

#include <gtest/gtest.h>

namespace prooflode::engine {
namespace {

market::Identity Miner(uint8_t n) {
  market::Identity key{};
  key[0] = n;
  return key;
}

TEST(WinShare, IsOfTheWindowAlone) {
  WinShare share(Seconds(60));
  EXPECT_EQ(share.TopRatio(Seconds(5)), 0);
  share.Won(Miner(1), Seconds(10));
  EXPECT_EQ(share.TopRatio(Seconds(10)), 1);
  share.Won(Miner(2), Seconds(20));
  share.Won(Miner(2), Seconds(40));
  share.Won(Miner(3), Seconds(40));
  EXPECT_EQ(share.TopRatio(Seconds(69)), 0.5);               // 1 of 4, 2 of 4, 1 of 4
  EXPECT_NEAR(share.TopRatio(Seconds(70)), 2.0 / 3, 1e-12);  // the first win is a window old
  EXPECT_EQ(share.TopRatio(Seconds(99)), 0.5);
  EXPECT_EQ(share.TopRatio(Seconds(100)), 0);
}

TEST(WinShare, ALateReportCountsWithTheLatest) {
  WinShare share(Seconds(60));
  share.Won(Miner(1), Seconds(50));
  share.Won(Miner(2), Seconds(30));
  EXPECT_EQ(share.TopRatio(Seconds(100)), 0.5);
  EXPECT_EQ(share.TopRatio(Seconds(110)), 0);
}

}  // namespace
}  // namespace prooflode::engine
