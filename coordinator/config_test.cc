#include "coordinator/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prooflode::coordinator {
namespace {

using testing::HasSubstr;

Status Load(Config& config, std::map<std::string, std::string> flags) {
  Settings settings = SettingsOf(config);
  const auto environment = [](const std::string& name) { return name == "HOME" ? "/home/op" : nullptr; };
  return LoadConfig({.file = std::nullopt, .environment = environment, .flags = std::move(flags)}, config,
                    settings);
}

TEST(CoordinatorConfig, DefaultsGiveRulesAndPaths) {
  Config config;
  ASSERT_TRUE(Load(config, {}).ok());
  EXPECT_EQ(config.data, "/home/op/.prooflode-coordinator");
  EXPECT_EQ(config.key_path(), "/home/op/.prooflode-coordinator/coordinator.key");
  market::Rules rules;
  rules.draw_window = Millis(100);  // the market's own default admits whoever asks first
  EXPECT_EQ(config.Rules(), rules);
  EXPECT_EQ(config.ArtifactLimits().artifact_bytes_max, uint64_t{8} << 30);
}

TEST(CoordinatorConfig, LimitsReachTheRules) {
  Config config;
  EXPECT_EQ(config.Rules().admissions_per_miner_and_job_max, 8u);
  ASSERT_TRUE(Load(config, {{"limits.admissions_per_miner_and_job", "3"}}).ok());
  EXPECT_EQ(config.Rules().admissions_per_miner_and_job_max, 3u);
}

TEST(CoordinatorConfig, ValuesHaveLimits) {
  const auto refused = [](const std::string& name, const std::string& text) {
    Config config;
    return std::string(FromSv(Load(config, {{name, text}}).message()));
  };
  EXPECT_EQ(refused("race.reveal_window_ms", "100"), "");
  EXPECT_THAT(refused("race.reveal_window_ms", "99"), HasSubstr("100 to 5000"));
  EXPECT_THAT(refused("race.reveal_window_ms", "5001"), HasSubstr("100 to 5000"));
  EXPECT_THAT(refused("race.place_s", "0"), HasSubstr("1 to 86400"));
  for (const char* address : {"", "localhost", "host:", ":1", "host:65536", "host:-1", "host:1x"}) {
    EXPECT_THAT(refused("listen", address), HasSubstr("HOST:PORT")) << address;
  }
  EXPECT_EQ(refused("http", ""), "");
  EXPECT_EQ(refused("listen", "[::1]:0"), "");
  EXPECT_THAT(refused("market", "two words"), HasSubstr("letters"));
  EXPECT_THAT(refused("operators", "abcd"), HasSubstr("64"));
  EXPECT_EQ(refused("operators", std::string(64, 'a') + "," + std::string(64, 'b')), "");
  EXPECT_THAT(refused("tls.cert_file", "x.pem"), HasSubstr("go together"));
  EXPECT_THAT(refused("limits.artifact_mb", "70000"), HasSubstr("artifact_store_mb"));
  EXPECT_EQ(refused("limits.admissions_per_miner_and_job", "1000"), "");
  EXPECT_THAT(refused("limits.admissions_per_miner_and_job", "0"), HasSubstr("1 to 1000"));
  EXPECT_THAT(refused("limits.admissions_per_miner_and_job", "1001"), HasSubstr("1 to 1000"));
  EXPECT_THAT(refused("limits.que", "1"), HasSubstr("did you mean limits.queue?"));
}

}  // namespace
}  // namespace prooflode::coordinator
