#include "base/settings/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace prooflode {
namespace {

using testing::HasSubstr;

struct Example {
  std::string listen = "127.0.0.1:1";
  uint64_t queue = 10;
  bool insecure = false;
  std::string keys;

  Settings Table() {
    return Settings({TextSetting("listen", &listen, "Where"), FlagSetting("insecure", &insecure, "Whether"),
                     NumberSetting("limits.queue", &queue, 1, 100, "How many"),
                     Setting{"limits.keys", SettingKind::kTextList, "Who", "a list",
                             [this](const std::string& text) {
                               keys = text;
                               return true;
                             },
                             [this] { return keys; }}});
  }
};

class SettingsTest : public testing::Test {
 protected:
  ~SettingsTest() override { std::filesystem::remove(path_); }
  Status LoadText(Settings& settings, const std::string& text) {
    std::ofstream(path_, std::ios::trunc) << text;
    return settings.LoadFile(path_);
  }
  const std::string path_ = absl::StrCat(testing::TempDir(), "/pl_settings_test_", getpid(), ".toml");
};

TEST_F(SettingsTest, LaterSourcesWinAndPrintSaysWhereFrom) {
  Example e;
  Settings settings = e.Table();
  ASSERT_TRUE(LoadText(settings, "listen = \"a:2\"\n[limits]\nqueue = 7\nkeys = [\"x\", \"y\"]\n").ok());
  EXPECT_EQ(e.listen, "a:2");
  EXPECT_EQ(e.queue, 7u);
  EXPECT_EQ(e.keys, "x,y");
  ASSERT_TRUE(settings
                  .LoadEnvironment([](const std::string& name) {
                    return name == "PROOFLODE_LIMITS_QUEUE" ? "8" : nullptr;
                  })
                  .ok());
  EXPECT_EQ(e.queue, 8u);
  ASSERT_TRUE(settings.Set("listen", "b:3", "--listen").ok());
  const std::string printed = settings.Print();
  EXPECT_THAT(printed, HasSubstr("# --listen"));
  EXPECT_THAT(printed, HasSubstr("# PROOFLODE_LIMITS_QUEUE"));
  EXPECT_THAT(printed, HasSubstr("# default"));
  Example again;
  Settings second = again.Table();
  ASSERT_TRUE(LoadText(second, printed).ok());
  EXPECT_EQ(again.listen, "b:3");
  EXPECT_EQ(again.queue, 8u);
  EXPECT_EQ(again.keys, "x,y");
}

TEST_F(SettingsTest, ErrorsNameFileLineAndWhatWasWanted) {
  Example e;
  Settings settings = e.Table();
  const auto error = [&](const std::string& text) {
    const Status status = LoadText(settings, text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(FromSv(status.message()));
  };
  EXPECT_THAT(error("\n[limits]\nqueu = 7\n"), HasSubstr(":3: unknown setting limits.queu"));
  EXPECT_THAT(error("[limits]\nqueu = 7\n"), HasSubstr("did you mean limits.queue?"));
  EXPECT_THAT(error("queue = 7\n"), HasSubstr("did you mean limits.queue?"));
  EXPECT_THAT(error("[limits]\nqueue = 101\n"),
              HasSubstr(":2: limits.queue is \"101\", want an integer from 1"));
  EXPECT_THAT(error("[limits]\nqueue = \"7\"\n"), HasSubstr("wrong type"));
  EXPECT_THAT(error("[limits]\nqueue = 1e309\n"), HasSubstr(":2:"));
  EXPECT_THAT(error("[limits]\nqueue = -1\n"), HasSubstr("\"-1\""));
  EXPECT_THAT(error("listen = 5\n"), HasSubstr("wrong type"));
  EXPECT_THAT(error("insecure = 1\n"), HasSubstr("true or false"));
  EXPECT_THAT(error("listen = \"a\"\nlisten = \"b\"\n"), HasSubstr(":2:"));
  EXPECT_THAT(error("listen = \n"), HasSubstr(":1:"));
  EXPECT_THAT(error("[listen]\nx = 1\n"), HasSubstr("unknown setting listen.x"));
  EXPECT_EQ(settings.LoadFile("/nonexistent/x.toml").code(), absl::StatusCode::kNotFound);
}

TEST_F(SettingsTest, OnlyNearNamesAreSuggested) {
  Example e;
  Settings settings = e.Table();
  EXPECT_THAT(std::string(settings.Set("gpu.x", "1", "here").message()),
              testing::Not(HasSubstr("did you mean")));
  EXPECT_THAT(std::string(settings.Set("listn", "1", "here").message()), HasSubstr("did you mean listen?"));
}

TEST(SettingTest, WordsAndAddresses) {
  std::string word;
  EXPECT_EQ(TextSetting("level", &word, "", {"a"}).wanted, "a");
  const Setting level = TextSetting("level", &word, "", {"a", "b", "c"});
  EXPECT_EQ(level.wanted, "a, b or c");
  EXPECT_FALSE(level.set("d"));
  EXPECT_TRUE(level.set("b"));
  std::string listen;
  EXPECT_FALSE(AddressSetting("listen", &listen, false, "").set(""));
  EXPECT_TRUE(AddressSetting("listen", &listen, true, "").set(""));
  for (const char* bad : {"localhost", "host:", ":1", "host:65536", "host:-1", "host:1x"}) {
    EXPECT_FALSE(AddressSetting("listen", &listen, true, "").set(bad)) << bad;
  }
}

TEST(SettingTest, PublicKeys) {
  std::string key = "x";
  const Setting setting = PublicKeySetting("key", &key, "");
  EXPECT_FALSE(setting.set("abc"));
  EXPECT_EQ(key, "x");
  EXPECT_TRUE(setting.set(std::string(64, 'a')));
  EXPECT_EQ(key, std::string(64, 'a'));
  EXPECT_TRUE(setting.set(""));
}

TEST(SettingTest, TheFileThatIsGivenOrTheFirstThatExists) {
  const std::filesystem::path dir =
      std::filesystem::path(testing::TempDir()) / absl::StrCat("settings_file_", getpid());
  std::map<std::string, std::string> variables = {{"XDG_CONFIG_HOME", dir / "xdg"}, {"HOME", dir / "home"}};
  const Environment environment = [&](const std::string& name) -> const char* {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  };
  const std::string name = absl::StrCat("test-", getpid(), ".toml");
  EXPECT_EQ(SettingsFile("given.toml", environment, name), "given.toml");
  EXPECT_EQ(SettingsFile("", environment, name), std::nullopt);
  for (const char* folder : {"home/.config", "xdg"}) {  // the later wins
    const std::filesystem::path in = dir / folder / "prooflode";
    std::filesystem::create_directories(in);
    std::ofstream(in / name) << "\n";
    EXPECT_EQ(SettingsFile("", environment, name), (in / name).string());
  }
  std::filesystem::remove_all(dir);
}

TEST(SettingTest, TheDataFolderIsSystemdsOrInTheHome) {
  std::map<std::string, std::string> variables;
  const Environment environment = [&](const std::string& name) -> const char* {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  };
  EXPECT_EQ(DefaultDataFolder(environment, ".x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DefaultDataFolder(nullptr, ".x").status().code(), absl::StatusCode::kInvalidArgument);
  variables["HOME"] = "/home/rig";
  EXPECT_EQ(*DefaultDataFolder(environment, ".x"), "/home/rig/.x");
  variables["STATE_DIRECTORY"] = "/var/lib/x";
  EXPECT_EQ(*DefaultDataFolder(environment, ".x"), "/var/lib/x");
}

}  // namespace
}  // namespace prooflode
