#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

struct WithdrawalBench : Bench {
  Withdrawal Ask(uint64_t amount, const std::string& reference) {
    return Get<WithdrawalAnswer>(kAlice, Withdraw{Amount{amount}, reference}).withdrawal;
  }
  uint64_t Waiting() const { return Count(market.ledger().Balance(ledger::Withdrawing(HexEncode(kAlice)))); }
  uint64_t Outside() const { return Count(market.ledger().Balance(ledger::kExternal)); }
  RefusalCode Code(const Identity& who, const Command& command) {
    const Answer answer = Do(who, command);
    EXPECT_TRUE(std::holds_alternative<Refusal>(answer));
    return std::holds_alternative<Refusal>(answer) ? std::get<Refusal>(answer).code : RefusalCode{};
  }
};

TEST(Withdrawals, TheMoneyWaitsUntilAnOperatorHasPaid) {
  WithdrawalBench b;
  const Withdrawal asked = b.Ask(400, "rent");
  EXPECT_EQ(asked.state, WithdrawalState::kRequested);
  EXPECT_EQ(b.Balance(kAlice), 600u);
  EXPECT_EQ(b.Waiting(), 400u);
  EXPECT_EQ(b.Outside(), 1000u);
  const Withdrawal paid = b.Get<WithdrawalAnswer>({}, PayWithdrawal{asked.id, "wire-1"}).withdrawal;
  EXPECT_EQ(paid.state, WithdrawalState::kPaid);
  EXPECT_EQ(paid.payment, "wire-1");
  EXPECT_EQ(b.Waiting(), 0u);
  EXPECT_EQ(b.Outside(), 600u);
}

TEST(Withdrawals, RejectedOrCancelledOnesComeBackOnce) {
  WithdrawalBench b;
  const Withdrawal rejected = b.Ask(300, "r");
  const Withdrawal cancelled = b.Ask(200, "c");
  const Withdrawal said =
      b.Get<WithdrawalAnswer>({}, RejectWithdrawal{rejected.id, "no such bank"}).withdrawal;
  EXPECT_EQ(said.note, "no such bank");
  EXPECT_EQ(b.Code(kM1, CancelWithdrawal{cancelled.id}), RefusalCode::kNotFound);
  b.Get<WithdrawalAnswer>(kAlice, CancelWithdrawal{cancelled.id});
  EXPECT_EQ(b.Balance(kAlice), 1000u);
  EXPECT_EQ(b.Waiting(), 0u);
  EXPECT_EQ(b.Code({}, PayWithdrawal{cancelled.id, "w"}), RefusalCode::kFailedPrecondition);
  EXPECT_EQ(b.Code({}, RejectWithdrawal{cancelled.id, ""}), RefusalCode::kFailedPrecondition);
  EXPECT_EQ(b.Code(kAlice, CancelWithdrawal{rejected.id}), RefusalCode::kFailedPrecondition);
}

TEST(Withdrawals, RepeatsChangeNothing) {
  WithdrawalBench b;
  const Withdrawal asked = b.Ask(400, "x");
  const LeafIndex leaves = b.leaves;
  EXPECT_EQ(b.Ask(400, "x"), asked);
  EXPECT_EQ(b.leaves, leaves);
  EXPECT_EQ(b.Code(kAlice, Withdraw{Amount{401}, "x"}), RefusalCode::kAlreadyExists);
  const Withdrawal paid = b.Get<WithdrawalAnswer>({}, PayWithdrawal{asked.id, "wire"}).withdrawal;
  EXPECT_EQ(b.Get<WithdrawalAnswer>({}, PayWithdrawal{asked.id, "wire"}).withdrawal, paid);
  EXPECT_EQ(b.Code({}, PayWithdrawal{asked.id, "another"}), RefusalCode::kFailedPrecondition);
  EXPECT_EQ(b.Outside(), 600u);
}

TEST(Withdrawals, OnePaymentOutsidePaysOne) {
  WithdrawalBench b;
  const Withdrawal first = b.Ask(100, "1");
  const Withdrawal second = b.Ask(100, "2");
  b.Get<WithdrawalAnswer>({}, PayWithdrawal{first.id, "wire"});
  EXPECT_EQ(b.Code({}, PayWithdrawal{second.id, "wire"}), RefusalCode::kAlreadyExists);
  EXPECT_EQ(b.market.FindWithdrawal(second.id)->state, WithdrawalState::kRequested);
}

TEST(Withdrawals, TooMuchOrTooManyAreRefused) {
  WithdrawalBench b;
  EXPECT_EQ(b.Code(kAlice, Withdraw{Amount{1001}, "x"}), RefusalCode::kFailedPrecondition);
  EXPECT_EQ(b.Code(kAlice, Withdraw{Amount{0}, "x"}), RefusalCode::kInvalidArgument);
  EXPECT_EQ(b.Code({}, PayWithdrawal{77, "w"}), RefusalCode::kNotFound);
  for (int i = 0; i < 100; ++i) b.Ask(1, absl::StrCat(i));
  EXPECT_EQ(b.Code(kAlice, Withdraw{Amount{1}, "x"}), RefusalCode::kResourceExhausted);
}

}  // namespace
}  // namespace prooflode::market
