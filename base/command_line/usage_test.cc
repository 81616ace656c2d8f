#include "base/command_line/usage.h"

#include <gmock/gmock.h>

namespace prooflode {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class UsageTest : public testing::Test {
 protected:
  UsageTest() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--data", value_);
    app_.add_subcommand("run")->add_option("--threads", value_);
    app_.add_subcommand("status");
    app_.add_subcommand("config")->require_subcommand(1)->add_subcommand("check");
  }
  // "" when nothing is wrong.
  std::string ErrorOf(const std::string& line) {
    try {
      app_.parse(line);
    } catch (const CLI::ParseError& error) {
      return UsageError(app_, error.what());
    }
    return "";
  }

  CLI::App app_{"", "tool"};
  std::string value_;
};

TEST_F(UsageTest, SaysWhichCommandsThereAre) {
  EXPECT_EQ(ErrorOf("run --threads 1"), "");
  EXPECT_THAT(ErrorOf(""), HasSubstr("the commands of tool are run, status, config"));
  EXPECT_THAT(ErrorOf("frobnicate"),
              AllOf(HasSubstr("the commands of tool are run"), Not(HasSubstr("did you mean"))));
  EXPECT_THAT(ErrorOf("config"), HasSubstr("the commands of tool config are check"));
  EXPECT_EQ(ChosenCommand(app_), "tool config");
  EXPECT_THAT(ErrorOf("statsu"), HasSubstr("did you mean status instead of statsu?"));
}

TEST_F(UsageTest, AGroupOfOptionsIsNoCommand) {
  CLI::Option_group* subject = app_.add_subcommand("suspend")->add_option_group("SUBJECT");
  subject->add_option("--circuit", value_);
  subject->add_option("--system", value_)->check(CLI::IsMember({"groth16"}));
  subject->require_option(1);
  EXPECT_THAT(ErrorOf("suspend"), AllOf(HasSubstr("--circuit"), Not(HasSubstr("the commands"))));
  EXPECT_THAT(ErrorOf("suspend --system foo"), Not(HasSubstr("the commands")));
  EXPECT_EQ(ChosenCommand(app_), "tool suspend");
  EXPECT_THAT(ErrorOf("suspend --circiut x"), HasSubstr("did you mean --circuit"));
}

TEST_F(UsageTest, SuggestsTheNearestFlag) {
  EXPECT_THAT(ErrorOf("run --thread=2"), AllOf(HasSubstr("did you mean --threads instead of --thread=2?"),
                                               Not(HasSubstr("the commands"))));
  EXPECT_EQ(ChosenCommand(app_), "tool run");
  EXPECT_THAT(ErrorOf("run --colour 2"), Not(HasSubstr("did you mean")));
  EXPECT_THAT(ErrorOf("status --dat x"), HasSubstr("did you mean --data"));   // falls through
  EXPECT_THAT(ErrorOf("status --thread 1"), Not(HasSubstr("did you mean")));  // is run's
}

}  // namespace
}  // namespace prooflode
