#include "miner/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace prooflode::miner {
namespace {

using testing::HasSubstr;

std::map<std::string, Flag> Typed(const std::map<std::string, std::string>& values) {
  std::map<std::string, Flag> flags;
  for (const auto& [name, text] : values) flags[name] = {text, Settings::FlagName(name)};
  return flags;
}

class ConfigTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) {
    const std::string path = absl::StrCat(testing::TempDir(), "/miner_config_test_", getpid(), ".toml");
    std::ofstream(path) << text;
    return path;
  }
  Status Load(const std::string& text, std::map<std::string, std::string> environment = {},
              const std::map<std::string, std::string>& flags = {}) {
    environment.emplace("HOME", "/home/rig");
    config_ = Config();
    settings_ = SettingsOf(config_);
    return LoadConfig({.file = Write(text),
                       .environment = [&](const std::string& name) -> const char* {
                         const auto it = environment.find(name);
                         return it == environment.end() ? nullptr : it->second.c_str();
                       },
                       .flags = Typed(flags)},
                      config_, settings_);
  }
  std::string Refusal(const std::string& text) {
    const Status loaded = Load(text);
    EXPECT_EQ(loaded.code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(loaded.message());
  }

  Config config_;
  Settings settings_ = SettingsOf(config_);
};

TEST_F(ConfigTest, FlagsOverEnvironmentOverFileOverDefaults) {
  const Status loaded =
      Load("coordinator = \"https://file:1\"\nhttp = \"127.0.0.1:1\"\n[device]\nthreads = 3\n",
           {{"PROOFLODE_HTTP", "env:1"}, {"PROOFLODE_DEVICE_THREADS", "4"}}, {{"device.threads", "5"}});
  ASSERT_TRUE(loaded.ok()) << loaded;
  EXPECT_EQ(config_.coordinator, "https://file:1");
  EXPECT_EQ(config_.http, "env:1");
  EXPECT_EQ(config_.device.threads, 5u);
  EXPECT_EQ(config_.work.offers_max, 16u);
  EXPECT_EQ(config_.data, "/home/rig/.prooflode-miner");
  EXPECT_EQ(config_.key_path(), "/home/rig/.prooflode-miner/miner.key");
  const std::string printed = settings_.Print();
  EXPECT_THAT(printed, testing::ContainsRegex("coordinator = 'https://file:1' +# .*toml:1\n"));
  EXPECT_THAT(printed, testing::ContainsRegex("http = 'env:1' +# PROOFLODE_HTTP\n"));
  EXPECT_THAT(printed, testing::ContainsRegex("threads = 5 +# --device-threads\n"));
  EXPECT_THAT(printed, testing::ContainsRegex("offers_max = 16 +# default\n"));
}

TEST_F(ConfigTest, StrangersNameNoMirrorsInPrivateNetworksUnlessTheOwnerSaysSo) {
  ASSERT_TRUE(Load("").ok());
  EXPECT_TRUE(config_.mirrors.enabled);
  EXPECT_FALSE(config_.mirrors.allow_private);
  ASSERT_TRUE(Load("[mirrors]\nenabled = false\n", {{"PROOFLODE_MIRRORS_ALLOW_PRIVATE", "true"}}).ok());
  EXPECT_FALSE(config_.mirrors.enabled);
  EXPECT_TRUE(config_.mirrors.allow_private);
}

TEST_F(ConfigTest, ErrorsNameFileLineAndWhatWasWanted) {
  EXPECT_THAT(Refusal("\n[device]\nthread = 3\n"),
              testing::AllOf(HasSubstr(".toml:3"), HasSubstr("device.thread"),
                             HasSubstr("did you mean device.threads")));
  EXPECT_THAT(Refusal("[gpu]\nx = 1\n"), HasSubstr("unknown setting gpu.x"));
  EXPECT_THAT(Refusal("[device]\nthreads = 5000\n"), HasSubstr("from 0 to 1024"));
  EXPECT_THAT(Refusal("[device]\nthreads = -1\n"), HasSubstr("from 0 to 1024"));
  EXPECT_THAT(Refusal("[device]\nthreads = \"3\"\n"), HasSubstr("wrong type"));
  EXPECT_THAT(Refusal("insecure = 1\n"), HasSubstr("true or false"));
  EXPECT_THAT(Refusal("coordinator_key = \"12\"\n"), HasSubstr("64 hexadecimal"));
  EXPECT_THAT(Refusal("[log]\nformat = \"xml\"\n"), HasSubstr("text or json"));
  EXPECT_THAT(Refusal("http = \n"), HasSubstr(".toml:1"));
  EXPECT_THAT(Refusal("http = \"nowhere\"\n"), HasSubstr("HOST:PORT"));
  EXPECT_THAT(Refusal("[log]\nlevel = \"all\"\n"), HasSubstr("debug, info, warning or error"));
}

TEST_F(ConfigTest, EnvironmentAndFlagsAreCheckedToo) {
  Status loaded = Load("", {{"PROOFLODE_DEVICE_THREADS", "many"}});
  EXPECT_THAT(std::string(loaded.message()), HasSubstr("PROOFLODE_DEVICE_THREADS"));
  loaded = Load("", {}, {{"device.threads", "+3"}});
  EXPECT_THAT(std::string(loaded.message()), HasSubstr("--device-threads"));
}

TEST_F(ConfigTest, WhatIsPrintedIsReadAgain) {
  ASSERT_TRUE(Load("data = \"a\\\"b\"\n[work]\nreward_min_units = 18446744073\n").ok());
  const std::string printed = settings_.Print();
  std::vector<std::string> values;
  for (const Setting& setting : settings_.table()) values.push_back(setting.get());
  ASSERT_TRUE(Load(printed).ok()) << printed;
  EXPECT_EQ(config_.data, "a\"b");
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(settings_.table()[i].get(), values[i]) << settings_.table()[i].name;
  }
}

TEST_F(ConfigTest, AMissingFileThatWasAskedForIsAnError) {
  EXPECT_EQ(LoadConfig({.file = "/nonexistent/miner.toml"}, config_, settings_).code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ConfigTest, ACertificateNeedsItsKey) {
  EXPECT_THAT(Refusal("client_cert_file = \"c.pem\"\n"), HasSubstr("client_key_file"));
  EXPECT_TRUE(Load("client_cert_file = \"c.pem\"\nclient_key_file = \"k.pem\"\n").ok());
}

}  // namespace
}  // namespace prooflode::miner
