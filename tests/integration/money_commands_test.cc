// Withdrawals, statements and the kill switch, from the command line to the market and back.
#include <gmock/gmock.h>

#include "tests/integration/market_commands_fixture_test.h"

namespace prooflode::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class MoneyCommandsTest : public MarketCommandsTest {
 protected:
  Json Account() { return As(requester_file_, {"account", "show"}).json(); }
  std::string Ask(const std::string& amount, const std::string& reference) {
    const Outcome asked = As(requester_file_, {"account", "withdraw", amount, "--reference", reference});
    EXPECT_EQ(asked.code, ExitCode::kOk) << asked.err;
    EXPECT_EQ(asked.json()["state"], "requested");
    return std::to_string(asked.json()["withdrawal_id"].get<uint64_t>());
  }
  Outcome Submit() {
    return As(requester_file_, {"job", "submit", "--circuit", "chain", "--witness", Path("c.wtns"),
                                "--reward", "2.5", "--deadline", "60s"});
  }
};

TEST_F(MoneyCommandsTest, AWithdrawalIsPaidRejectedOrCancelled) {
  Deposit("10");
  const std::string paid = Ask("1", "first");
  const std::string rejected = Ask("2", "second");
  const std::string cancelled = Ask("3", "third");
  EXPECT_EQ(Account()["available"]["units"], 400);
  EXPECT_EQ(Account()["withdrawing"]["units"], 600);
  EXPECT_EQ(Account()["withdrawing"]["text"], "6 credit");

  const auto list = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"account", "withdrawals", "--operator"});
    return As(operator_file_, more).json();
  };
  ASSERT_EQ(list({"--everybody", "--requested"}).size(), 3u);
  EXPECT_EQ(list({"--everybody", "--requested"}).at(0)["external_reference"], "first");
  const Outcome not_mine = As(requester_file_, {"account", "pay-withdrawal", paid, "--reference", "w"});
  EXPECT_EQ(not_mine.code, ExitCode::kRefused) << not_mine.err;
  EXPECT_EQ(As(operator_file_, {"account", "pay-withdrawal", paid, "--reference", "wire-1"}).json()["state"],
            "paid");
  EXPECT_EQ(
      As(operator_file_, {"account", "reject-withdrawal", rejected, "--note", "no such bank"}).json()["note"],
      "no such bank");
  EXPECT_EQ(As(requester_file_, {"account", "cancel-withdrawal", cancelled}).json()["state"], "cancelled");
  const Outcome twice = As(operator_file_, {"account", "pay-withdrawal", cancelled, "--reference", "wire-2"});
  EXPECT_EQ(twice.code, ExitCode::kRefused);
  EXPECT_THAT(twice.err, HasSubstr("is cancelled already"));
  EXPECT_TRUE(list({"--everybody", "--requested"}).empty());
  EXPECT_EQ(As(requester_file_, {"account", "withdrawals"}).json().at(2)["payment_reference"], "wire-1");
  EXPECT_EQ(As(requester_file_, {"account", "withdrawals", "--limit", "2"}).json().size(), 2u);
  EXPECT_EQ(Account()["available"]["units"], 900);
  EXPECT_EQ(Account()["withdrawing"]["units"], 0);
}

TEST_F(MoneyCommandsTest, AStatementAddsUp) {
  Deposit("10");
  Register();
  ASSERT_EQ(Submit().code, ExitCode::kOk);
  Ask("1", "rent");
  const Json all = As(requester_file_, {"account", "statement"}).json();
  EXPECT_EQ(all["opening"]["available"]["units"], 0);
  ASSERT_EQ(all["lines"].size(), 3u);
  EXPECT_EQ(all["lines"][0]["kind"], "deposit");
  EXPECT_EQ(all["lines"][0]["after"]["available"]["units"], 1000);
  EXPECT_EQ(all["lines"][1]["kind"], "escrow");
  EXPECT_EQ(all["lines"][1]["job_id"].get<std::string>().size(), 32u);
  EXPECT_EQ(all["lines"][2]["kind"], "withdrawal_request");
  EXPECT_EQ(all["closing"]["available"]["units"], 650);
  EXPECT_EQ(all["closing"]["escrow"]["units"], 250);
  EXPECT_EQ(all["closing"]["withdrawing"]["text"], "1 credit");
  EXPECT_EQ(all["asset"]["decimals"], 2);

  const Json later = As(requester_file_, {"account", "statement", "--from", "2100-01-01"}).json();
  EXPECT_TRUE(later["lines"].empty());
  EXPECT_EQ(later["opening"], all["closing"]);
  EXPECT_EQ(later["closing"], all["closing"]);
  const Json before = As(requester_file_, {"account", "statement", "--to", "2001-01-01T00:00:00Z"}).json();
  EXPECT_EQ(before["closing"]["available"]["units"], 0);

  const Outcome csv = As(requester_file_, {"account", "statement", "--csv"});
  EXPECT_THAT(csv.out, StartsWith("time,kind,amount,available,"));
  EXPECT_THAT(csv.out, HasSubstr(",closing,,6.5,2.5,0,1,credit,"));
  EXPECT_EQ(As(requester_file_, {"account", "statement", "--from", "yesterday"}).code, ExitCode::kUsage);
}

TEST_F(MoneyCommandsTest, TheKillSwitchRefundsAndRefuses) {
  Deposit("10");
  Register();
  const std::string job = Submit().json()["job_id"];
  EXPECT_EQ(As(requester_file_, {"operator", "suspend", "--circuit", "chain"}).code, ExitCode::kRefused);
  const Outcome suspended =
      As(operator_file_, {"operator", "suspend", "--proof-system", "groth16-bn254", "--note", "broken"});
  ASSERT_EQ(suspended.code, ExitCode::kOk) << suspended.err;
  EXPECT_EQ(suspended.json()["refunded_jobs"], 1);
  EXPECT_EQ(As(requester_file_, {"job", "show", job}).json()["state"], "suspended");
  EXPECT_EQ(Account()["available"]["units"], 1000);
  const Outcome refused = Submit();
  EXPECT_EQ(refused.code, ExitCode::kRefused);
  EXPECT_THAT(refused.err, HasSubstr("REASON_SUSPENDED"));
  const Json listed = As(requester_file_, {"operator", "ls"}).json();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed.at(0)["note"], "broken");
  ASSERT_EQ(As(operator_file_, {"operator", "resume", "--proof-system", "groth16-bn254"}).code,
            ExitCode::kOk);
  EXPECT_EQ(Submit().code, ExitCode::kOk);
  EXPECT_EQ(As(operator_file_, {"operator", "suspend"}).code, ExitCode::kUsage);
}

}  // namespace
}  // namespace prooflode::cli
