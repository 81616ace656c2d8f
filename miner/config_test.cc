#include "miner/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace prooflode::miner {
namespace {

using testing::HasSubstr;

class ConfigTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) {
    const std::string path = absl::StrCat(testing::TempDir(), "/miner_config_test_", getpid(), ".toml");
    std::ofstream(path) << text;
    return path;
  }
  StatusOr<LoadedConfig> Load(const std::string& text, std::map<std::string, std::string> environment = {},
                              std::map<std::string, std::string> flags = {}) {
    environment_ = std::move(environment);
    environment_.emplace("HOME", "/home/rig");
    return LoadConfig({.file = Write(text),
                       .environment = [this](const std::string& name) -> const char* {
                         const auto it = environment_.find(name);
                         return it == environment_.end() ? nullptr : it->second.c_str();
                       },
                       .flags = std::move(flags)});
  }
  std::string Refusal(const std::string& text) {
    const auto loaded = Load(text);
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(loaded.status().message());
  }

  std::map<std::string, std::string> environment_;
};

TEST_F(ConfigTest, FlagsOverEnvironmentOverFileOverDefaults) {
  const auto loaded =
      Load("coordinator = \"https://file:1\"\nhttp = \"file:1\"\n[device]\nthreads = 3\n",
           {{"PROOFLODE_HTTP", "env:1"}, {"PROOFLODE_DEVICE_THREADS", "4"}}, {{"device.threads", "5"}});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.coordinator, "https://file:1");
  EXPECT_EQ(loaded->config.http, "env:1");
  EXPECT_EQ(loaded->config.device.threads, 5u);
  EXPECT_EQ(loaded->config.work.offers_max, 16u);
  EXPECT_EQ(loaded->config.data, "/home/rig/.prooflode-miner");
  EXPECT_EQ(loaded->config.key_path(), "/home/rig/.prooflode-miner/miner.key");
  EXPECT_THAT(loaded->origins.at("coordinator"), HasSubstr("toml:1"));
  EXPECT_EQ(loaded->origins.at("http"), "PROOFLODE_HTTP");
  EXPECT_EQ(loaded->origins.at("device.threads"), "--device-threads");
  EXPECT_EQ(loaded->origins.at("work.offers_max"), "default");
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
}

TEST_F(ConfigTest, EnvironmentAndFlagsAreCheckedToo) {
  auto loaded = Load("", {{"PROOFLODE_DEVICE_THREADS", "many"}});
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("PROOFLODE_DEVICE_THREADS"));
  loaded = Load("", {}, {{"device.threads", "+3"}});
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("--device-threads"));
}

TEST_F(ConfigTest, WhatIsPrintedIsReadAgain) {
  const auto loaded = Load("http = \"a\\\"b\"\n[work]\nreward_min_units = 18446744073\n");
  ASSERT_TRUE(loaded.ok());
  const std::string printed = PrintConfig(*loaded);
  const auto again = Load(printed);
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << printed;
  for (const Setting& setting : Settings()) {
    EXPECT_EQ(setting.get(again->config), setting.get(loaded->config)) << setting.name;
  }
}

TEST_F(ConfigTest, AMissingFileThatWasAskedForIsAnError) {
  EXPECT_EQ(LoadConfig({.file = "/nonexistent/miner.toml"}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace prooflode::miner
