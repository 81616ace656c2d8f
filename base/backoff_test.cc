#include "base/backoff.h"

#include <gtest/gtest.h>

#include "base/sim/sim_env.h"

namespace prooflode {
namespace {

TEST(BackoffTest, GrowsWithFullJitterUpToItsLimit) {
  SimRandom random(1);
  Backoff backoff({.initial = Millis(100), .max = Seconds(2)});
  const Micros bounds[] = {Millis(100),  Millis(200), Millis(400), Millis(800),
                           Millis(1600), Seconds(2),  Seconds(2)};
  for (const Micros bound : bounds) EXPECT_LE(backoff.Next(random), bound);
  Micros longest{};
  Micros shortest = Seconds(100);
  for (int i = 0; i < 200; ++i) {
    const Micros wait = backoff.Next(random);
    EXPECT_LE(wait, Seconds(2));
    longest = std::max(longest, wait);
    shortest = std::min(shortest, wait);
  }
  EXPECT_GT(longest, Millis(1800));
  EXPECT_LT(shortest, Millis(200));
  backoff.Reset();
  EXPECT_LE(backoff.Next(random), Millis(100));
}

TEST(BackoffTest, AFirstBoundAboveTheLimitIsTheLimit) {
  SimRandom random(1);
  Backoff backoff({.initial = Seconds(9), .max = Millis(5)});
  for (int i = 0; i < 50; ++i) EXPECT_LE(backoff.Next(random), Millis(5));
}

}  // namespace
}  // namespace prooflode
