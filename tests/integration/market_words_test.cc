// What the market commands of `prooflode` say when something is not possible: in the words of the command
// line and in the market's asset, before anything is uploaded where that can be.
#include <gmock/gmock.h>

#include "tests/integration/market_commands_fixture_test.h"

namespace prooflode::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class MarketWordsTest : public MarketCommandsTest {
 protected:
  // A submission of the fixture's circuit and witness; `flags` follow.
  Outcome Submit(const std::string& reward, std::vector<std::string> flags) {
    flags.insert(flags.begin(),
                 {"job", "submit", "--circuit", "chain", "--witness", Path("c.wtns"), "--reward", reward});
    return As(requester_file_, std::move(flags));
  }
  Outcome ForPeople(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--coordinator", Url(), "--key", requester_file_});
    return Run(std::move(arguments));
  }
};

TEST_F(MarketWordsTest, MissingMoneyIsToldInTheAsset) {
  Deposit("1");
  Register();
  const Outcome job = Submit("1000", {});
  EXPECT_EQ(job.code, ExitCode::kRefused);
  EXPECT_THAT(job.err,
              AllOf(HasSubstr("you have 1 credit, this needs 1000 credit"), Not(HasSubstr("100000"))));
  const Outcome withdrawal = As(requester_file_, {"account", "withdraw", "2.5", "--reference", "w"});
  EXPECT_EQ(withdrawal.code, ExitCode::kRefused);
  EXPECT_THAT(withdrawal.err,
              AllOf(HasSubstr("you have 1 credit, this needs 2.5 credit"), Not(HasSubstr("250"))));
}

TEST_F(MarketWordsTest, FlagsThatContradictEachOtherAreUsageErrors) {
  Register();
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--policy", "lease", "--width", "3"}, "--width"},
      {{"--policy", "hedged", "--width", "3"}, "--width"},
      {{"--policy", "race", "--lease", "30s"}, "--lease"},
      {{"--lease", "30s"}, "--lease"},
      {{"--policy", "lease", "--lease", "300s", "--deadline", "10s"}, "--deadline"},
  };
  for (const auto& [flags, named] : cases) {
    const Outcome outcome = Submit("1", flags);
    EXPECT_EQ(outcome.code, ExitCode::kUsage) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(named));
  }
}

TEST_F(MarketWordsTest, WhatNoMarketTakesIsToldByItsFlag) {
  Register();
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--deadline", "10ms"}, "--deadline: 10ms, want 1s to 168h"},
      {{"--deadline", "1000h"}, "--deadline: 1000h, want 1s to 168h"},
      {{"--policy", "hedged", "--lease", "1ms"}, "--lease: 1ms, want 1s to 168h"},
  };
  for (const auto& [flags, message] : cases) {
    const Outcome outcome = Submit("1", flags);
    EXPECT_EQ(outcome.code, ExitCode::kUsage);
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
  const Outcome nothing = Submit("0", {});
  EXPECT_EQ(nothing.code, ExitCode::kUsage);
  EXPECT_THAT(nothing.err, HasSubstr("--reward: 0, want more"));
  const Outcome backwards =
      As(requester_file_, {"account", "statement", "--from", "2026-11-22", "--to", "2026-11-01"});
  EXPECT_EQ(backwards.code, ExitCode::kUsage);
  EXPECT_THAT(backwards.err, HasSubstr("--to: 2026-11-01, want"));
}

TEST_F(MarketWordsTest, ANameIsJudgedBeforeTheKeyIsUploaded) {
  const Outcome added = As(requester_file_, {"circuit", "add", Path("c.zkey"), "--name", "My circuit"});
  EXPECT_EQ(added.code, ExitCode::kUsage);
  EXPECT_THAT(added.err, Not(HasSubstr("uploading")));
}

TEST_F(MarketWordsTest, AJobWithoutAProofSaysItsState) {
  Deposit("10");
  Register();
  const Outcome posted = Submit("1", {"--deadline", "60s"});
  ASSERT_EQ(posted.code, ExitCode::kOk) << posted.err;
  const Outcome again = Submit("1", {"--deadline", "60s"});
  EXPECT_EQ(again.code, ExitCode::kRefused);
  EXPECT_THAT(again.err, HasSubstr("with --again"));
  const Outcome proof =
      As(requester_file_, {"job", "proof", posted.json()["job_id"], Path("proof.json"), Path("public.json")});
  EXPECT_EQ(proof.code, ExitCode::kRefused);
  EXPECT_THAT(proof.err, AllOf(HasSubstr("the job is open"), Not(HasSubstr("JOB_STATE"))));
}

TEST_F(MarketWordsTest, ACircuitThatNobodyProvedHasNoForecast) {
  Register();
  const Outcome forecast = ForPeople({"job", "forecast", "--circuit", "chain"});
  EXPECT_EQ(forecast.code, ExitCode::kOk) << forecast.err;
  EXPECT_THAT(forecast.out, AllOf(HasSubstr("nothing is known yet"), Not(HasSubstr("WASTE"))));
}

TEST_F(MarketWordsTest, ResumingWhatRunsSaysSo) {
  const auto resume = [&] {
    return Run({"operator", "resume", "--proof-system", "groth16-bn254", "--coordinator", Url(), "--key",
                operator_file_});
  };
  EXPECT_THAT(resume().out, HasSubstr("was not suspended"));
  Register();
  ASSERT_EQ(As(operator_file_, {"operator", "suspend", "--circuit", "chain"}).code, ExitCode::kOk);
  EXPECT_THAT(ForPeople({"circuit", "ls"}).out, HasSubstr("suspended"));
  EXPECT_THAT(ForPeople({"job", "forecast", "--circuit", "chain"}).err, HasSubstr("suspended"));
}

}  // namespace
}  // namespace prooflode::cli
