#include "coordinator/engine/market_clock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/real_env.h"
#include "coordinator/engine/settable_clock_test.h"

namespace prooflode::engine {
namespace {

TEST(MarketClock, ComesBackToTheWallSlowly) {
  SettableClock clock;
  MarketClock time(clock);
  time.StartAfter(Seconds(1'000'005));  // the log is ahead by 5 s
  EXPECT_EQ(time.last(), Seconds(1'000'005));
  clock.Advance(Seconds(10));
  EXPECT_EQ(time.Now(), Seconds(1'000'014));
  for (int i = 0; i < 100; ++i) {
    const Micros before = time.last();
    clock.Advance(Seconds(1));
    EXPECT_GE(time.Now(), before + Millis(900));
  }
  EXPECT_EQ(time.Now(), clock.WallNow());
  clock.JumpWall(Seconds(1));
  for (int i = 0; i < 1'000'000; ++i) {  // asked often: the slew is not rounded away
    clock.Advance(Micros{3});
    (void)time.Now();
  }
  EXPECT_GT(Count(clock.WallNow() - time.Now()), Count(Millis(690)));
  EXPECT_LT(Count(clock.WallNow() - time.Now()), Count(Millis(800)));
}

TEST(MarketClock, TellsAllThreadsOneSequenceOfTimes) {
  RealClock clock;
  MarketClock time(clock);
  time.StartAfter(Micros{});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Micros last{};
      for (int n = 0; n < 20'000; ++n) {
        const Micros now = time.Now();
        EXPECT_GE(now, last);
        last = now;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace prooflode::engine
