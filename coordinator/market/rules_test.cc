#include "coordinator/market/rules.h"

#include <gtest/gtest.h>

#include <functional>

namespace prooflode::market {
namespace {

TEST(Rules, EachIsHeldToItsRange) {
  EXPECT_TRUE(CheckRules({}).ok());
  struct Case {
    std::string rule;
    std::function<void(Rules&)> spoil;
  };
  const std::vector<Case> cases = {
      {"market", [](Rules& r) { r.market = ""; }},
      {"market", [](Rules& r) { r.market = "two words"; }},
      {"market", [](Rules& r) { r.market = std::string(65, 'm'); }},
      {"reveal_window_us", [](Rules& r) { r.reveal_window = Millis(100) - Micros{1}; }},
      {"reveal_window_us", [](Rules& r) { r.reveal_window = Seconds(5) + Micros{1}; }},
      {"lease_default_us", [](Rules& r) { r.lease_default = Micros{}; }},
      {"race_place_us", [](Rules& r) { r.race_place = Micros{-1}; }},
      {"race_place_us", [](Rules& r) { r.race_place = Micros{INT64_MAX}; }},
      {"time_limit_min_us", [](Rules& r) { r.time_limit_min = Micros{}; }},
      {"time_limit_min_us", [](Rules& r) { r.time_limit_min = r.time_limit_max + Micros{1}; }},
      {"time_limit_max_us", [](Rules& r) { r.time_limit_max = Micros{INT64_MAX}; }},
      {"open_jobs_per_requester_max", [](Rules& r) { r.open_jobs_per_requester_max = 0; }},
      {"live_attempts_per_miner_max", [](Rules& r) { r.live_attempts_per_miner_max = 1'000'001; }},
      {"admissions_per_miner_and_job_max", [](Rules& r) { r.admissions_per_miner_and_job_max = 0; }},
      {"draw_window_us", [](Rules& r) { r.draw_window = Micros{-1}; }},
      {"draw_window_us", [](Rules& r) { r.draw_window = Seconds(11); }},
      {"race_width_default", [](Rules& r) { r.race_width_default = 1001; }},
      {"late_percent", [](Rules& r) { r.late_percent = 99; }},
      {"silence_limit_us", [](Rules& r) { r.silence_limit = Micros{}; }},
      {"fee_per_million", [](Rules& r) { r.fee_per_million = 1'000'001; }}};
  for (const Case& c : cases) {
    Rules rules;
    c.spoil(rules);
    const Status status = CheckRules(rules);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FromSv(status.message()).find("rules." + c.rule + ": "), 0u) << status;
  }
}

TEST(Rules, TheEndsOfARangeBelongToIt) {
  EXPECT_TRUE(CheckRules({.reveal_window = Millis(100), .fee_per_million = 1'000'000}).ok());
  EXPECT_TRUE(CheckRules({.market = std::string(64, 'm'), .reveal_window = Seconds(5)}).ok());
}

}  // namespace
}  // namespace prooflode::market
