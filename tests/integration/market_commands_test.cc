// The market commands of `prooflode` against a coordinator in the same process: what they print, and which
// exit code they end with.
#include <gmock/gmock.h>

#include "tests/integration/market_commands_fixture_test.h"

namespace prooflode::cli {
namespace {

using testing::HasSubstr;

TEST_F(MarketCommandsTest, FromADepositToACancelledJob) {
  Deposit("12.50");
  Register();
  const Outcome circuits = As(requester_file_, {"circuit", "ls"});
  ASSERT_EQ(circuits.code, ExitCode::kOk) << circuits.err;
  EXPECT_EQ(circuits.json().at(0)["name"], "chain");
  const Outcome posted = As(requester_file_, {"job", "submit", "--circuit", "chain", "--witness",
                                              Path("c.wtns"), "--reward", "2.5", "--deadline", "60s"});
  ASSERT_EQ(posted.code, ExitCode::kOk) << posted.err;
  const std::string id = posted.json()["job_id"];
  EXPECT_EQ(As(requester_file_, {"account", "show"}).json()["escrow"]["units"], 250);
  const Outcome listed = As(requester_file_, {"job", "ls", "--mine"});
  EXPECT_EQ(listed.json().at(0)["job_id"], id);
  EXPECT_EQ(As(requester_file_, {"job", "show", id}).json()["state"], "open");
  EXPECT_EQ(As(requester_file_, {"job", "cancel", id}).json()["state"], "cancelled");
  const Outcome account = As(requester_file_, {"account", "show"});
  EXPECT_EQ(account.json()["escrow"]["units"], 0);
  EXPECT_EQ(account.json()["available"]["units"], 1250);
  EXPECT_GE(As(requester_file_, {"account", "transfers"}).json().size(), 3u);
}

TEST_F(MarketCommandsTest, ACircuitTellsItsMirrors) {
  const auto add = [&](const std::string& first, const std::string& second) {
    return As(requester_file_, {"circuit", "add", "--mirror", first, "--mirror", second, Path("c.zkey"),
                                "--name", "mirrored", "--allow-insecure-setup"});
  };
  const Outcome refused = add("https://a.example/c.zkey", "ftp://b.example/c.zkey");
  EXPECT_EQ(refused.code, ExitCode::kRefused);
  EXPECT_THAT(refused.err, HasSubstr("want a URL that begins with https:// or http://"));
  const Outcome added = add("https://a.example/c.zkey", "http://b.example/c.zkey");
  ASSERT_EQ(added.code, ExitCode::kOk) << added.err;
  const nlohmann::json mirrors = {"https://a.example/c.zkey", "http://b.example/c.zkey"};
  EXPECT_EQ(added.json()["mirrors"], mirrors);
  EXPECT_EQ(As(requester_file_, {"circuit", "ls"}).json().at(0)["mirrors"], mirrors);
  const Outcome shown =
      Run({"circuit", "show", "mirrored", "--coordinator", Url(), "--key", requester_file_});
  EXPECT_THAT(shown.out, HasSubstr("mirror:        http://b.example/c.zkey\n"));
}

TEST_F(MarketCommandsTest, WordsForPeople) {
  Deposit("1");
  const Outcome shown = Run({"account", "show", "--coordinator", Url(), "--key", requester_file_});
  EXPECT_EQ(shown.code, ExitCode::kOk);
  EXPECT_THAT(shown.out, HasSubstr("available:   1 credit"));
}

TEST_F(MarketCommandsTest, RefusalsAreTheMarketsAndErrorsOurs) {
  const std::string stranger(64, 'a');
  const Outcome deposit = As(requester_file_, {"account", "deposit", stranger, "1", "--reference", "x"});
  EXPECT_EQ(deposit.code, ExitCode::kRefused) << deposit.err;
  const Outcome unknown = As(requester_file_, {"circuit", "show", "nothing"});
  EXPECT_EQ(unknown.code, ExitCode::kRefused);
  EXPECT_THAT(unknown.err, HasSubstr("circuit nothing: no such circuit"));
  const std::string job(32, 'a');
  EXPECT_THAT(As(requester_file_, {"job", "show", job}).err, HasSubstr("job " + job));
  const Outcome no_key = As(requester_file_, {"circuit", "add", Path("c.wtns"), "--name", "x"});
  EXPECT_EQ(no_key.code, ExitCode::kRefused) << no_key.err;
  EXPECT_THAT(no_key.err, HasSubstr(Path("c.wtns") + ": "));
  Register();
  const Outcome poor = As(requester_file_, {"job", "submit", "--circuit", "chain", "--witness",
                                            Path("c.wtns"), "--reward", "2.5"});
  EXPECT_EQ(poor.code, ExitCode::kRefused) << poor.err;
  const Outcome too_fine = As(requester_file_, {"job", "submit", "--circuit", "chain", "--witness",
                                                Path("c.wtns"), "--reward", "2.555555"});
  EXPECT_EQ(too_fine.code, ExitCode::kUsage) << too_fine.err;
  const Outcome missing = As(requester_file_, {"job", "submit", "--circuit", "chain", "--witness",
                                               Path("none.wtns"), "--reward", "2.5"});
  EXPECT_EQ(missing.code, ExitCode::kError) << missing.err;
  EXPECT_THAT(missing.err, HasSubstr("none.wtns"));
  EXPECT_EQ(As(requester_file_, {"circuit", "add", Path("none.zkey"), "--name", "x"}).code, ExitCode::kError);
  EXPECT_EQ(As(requester_file_, {"job", "show", "abc"}).code, ExitCode::kUsage);
}

TEST_F(MarketCommandsTest, BadConfigurationIsToldBeforeTheNetworkIsAsked) {
  const auto show = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"account", "show"});
    return Run(std::move(flags));
  };
  const Outcome no_key = show({"--coordinator", Url()});
  EXPECT_EQ(no_key.code, ExitCode::kBadConfiguration);
  EXPECT_THAT(no_key.err, HasSubstr("--key"));
  EXPECT_EQ(show({"--coordinator", "nowhere", "--key", requester_file_}).code, ExitCode::kBadConfiguration);
  EXPECT_EQ(show({"--coordinator", Url(), "--key", Path("none.key")}).code, ExitCode::kBadConfiguration);
  EXPECT_EQ(show({"--coordinator", "http://192.0.2.1:1", "--key", requester_file_}).code,
            ExitCode::kBadConfiguration);
  EXPECT_EQ(show({"--coordinator", Url(), "--key", requester_file_, "--coordinator-key", "12"}).code,
            ExitCode::kUsage);
  EXPECT_EQ(show({"--coordinator", Url(), "--key", requester_file_, "--ca-file", Path("none.pem")}).code,
            ExitCode::kBadConfiguration);
  const Outcome pinned = show({"--coordinator", Url(), "--key", requester_file_, "--coordinator-key",
                               HexEncode(operator_key_.public_key())});
  EXPECT_EQ(pinned.code, ExitCode::kRefused);
  EXPECT_THAT(pinned.err, HasSubstr("want the pinned"));
}

}  // namespace
}  // namespace prooflode::cli
