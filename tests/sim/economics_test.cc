#include "tests/sim/economics.h"

#include <gtest/gtest.h>

#include <map>

namespace prooflode::sim {
namespace {

EconomyOptions Short() {
  EconomyOptions options;
  options.seeds = 2;
  options.hours = 0.25;
  return options;
}

TEST(Economics, WidthBuysSpeedWithWasteAndLeavesSmallMinersOut) {
  std::map<std::string, PolicyFigures> figures;
  for (const NamedPolicy& named : ComparedPolicies()) {
    figures[named.name] = RunPolicy(named.name, named.policy, Short());
  }
  const std::vector<std::string> narrower = {"open race", "race of 5", "race of 3", "race of 2", "lease"};
  for (size_t i = 1; i < narrower.size(); ++i) {
    const PolicyFigures& wide = figures.at(narrower[i - 1]);
    const PolicyFigures& narrow = figures.at(narrower[i]);
    EXPECT_LT(wide.p50_s, narrow.p50_s) << narrow.name;
    EXPECT_LT(wide.jobs_per_hour, narrow.jobs_per_hour) << narrow.name;
    EXPECT_GT(wide.wasted, narrow.wasted) << narrow.name;
    EXPECT_LT(wide.slow_half_wins, narrow.slow_half_wins) << narrow.name;
    EXPECT_GE(wide.never_win, narrow.never_win) << narrow.name;
  }
  EXPECT_GT(figures.at("open race").wasted, 0.95);
  EXPECT_GT(figures.at("open race").never_win, 30);
  EXPECT_LT(figures.at("lease").wasted, 0.06);
  // A second miner for the late few costs little.
  EXPECT_LT(figures.at("hedged lease").wasted, 0.1);
  EXPECT_NEAR(figures.at("hedged lease").p50_s, figures.at("lease").p50_s, 1.5);
}

TEST(Economics, TheSameSeedGivesTheSameFigures) {
  EconomyOptions options = Short();
  options.seeds = 1;
  const auto run = [&] { return RunPolicy("race", {.race = {3}}, options); };
  const PolicyFigures first = run();
  const PolicyFigures second = run();
  EXPECT_EQ(first.p50_s, second.p50_s);
  EXPECT_EQ(first.wasted, second.wasted);
  EXPECT_EQ(first.jobs_per_hour, second.jobs_per_hour);
  options.first_seed = 2;
  EXPECT_NE(run().wasted, first.wasted);
}

}  // namespace
}  // namespace prooflode::sim
