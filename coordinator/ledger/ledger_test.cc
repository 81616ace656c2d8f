#include "coordinator/ledger/ledger.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/sim/sim_env.h"

namespace prooflode::ledger {
namespace {

Transfer Move(const AccountName& from, const AccountName& to, uint64_t amount,
              TransferKind kind = TransferKind::kReward) {
  return {.kind = kind, .amount = Amount{amount}, .debit = from, .credit = to};
}

TEST(Ledger, DepositEscrowRewardWithdraw) {
  Ledger ledger;
  Transfer deposit = Move(kExternal, Available("a"), 100, TransferKind::kDeposit);
  deposit.external_reference = "bank-1";
  EXPECT_EQ(ledger.Post(deposit)->id, 1u);
  EXPECT_EQ(ledger.Post(deposit).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ledger.FindReference("bank-1")->amount, Amount{100});
  EXPECT_EQ(ledger.Post(Move(Available("a"), Escrow("a"), 60))->id, 2u);
  EXPECT_EQ(ledger.EscrowTotal(), Amount{60});
  EXPECT_EQ(ledger.Post(Move(Escrow("a"), Available("b"), 60))->id, 3u);
  EXPECT_EQ(ledger.EscrowTotal(), Amount{0});
  EXPECT_EQ(ledger.Post(Move(Available("b"), kExternal, 10, TransferKind::kWithdrawal))->id, 4u);
  EXPECT_EQ(ledger.Balance(Available("b")), Amount{50});
  EXPECT_EQ(ledger.Balance(kExternal), Amount{90});
  EXPECT_TRUE(ledger.IsConserved());
}

TEST(Ledger, RefusalsChangeNothing) {
  Ledger ledger;
  ASSERT_TRUE(ledger.Post(Move(kExternal, Available("a"), 10)).ok());
  const auto before = ledger.balances();
  EXPECT_EQ(ledger.Post(Move(Available("a"), Available("b"), 11)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ledger.Post(Move(Available("a"), Available("a"), 1)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ledger.Post(Move(Available("a"), Available("b"), 0)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      ledger.Post(Move(kExternal, Available("b"), std::numeric_limits<uint64_t>::max())).status().code(),
      absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ledger.balances(), before);
  EXPECT_EQ(ledger.transfer_count(), 1u);
}

TEST(Ledger, DamagedBalancesAreNoticedWhenTheyAreLoaded) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  Ledger ledger;
  ledger.LoadBalance(kExternal, Amount{10});
  ledger.LoadBalance(Available("a"), Amount{4});
  EXPECT_FALSE(ledger.IsConserved());
  ledger.LoadBalance(Escrow("a"), Amount{6});
  EXPECT_TRUE(ledger.IsConserved());
  ledger.LoadBalance(Available("b"), Amount{most});  // together with the next one 2^64
  ledger.LoadBalance(Available("c"), Amount{1});
  EXPECT_FALSE(ledger.IsConserved());
}

// A model that shares nothing with the ledger: signed 128-bit sums.
TEST(Ledger, RandomTransfersAgreeWithAModel) {
  SimRandom random(1);
  Ledger ledger;
  const AccountName names[] = {kExternal, kFees, Available("a"), Available("b"), Escrow("a"), Escrow("b")};
  __int128 model[6] = {};
  for (int step = 0; step < 20000; ++step) {
    const size_t from = random.Below(6);
    const size_t to = random.Below(6);
    const uint64_t amount = random.Below(50);
    const bool allowed = amount > 0 && from != to && (from == 0 || model[from] >= amount);
    ASSERT_EQ(ledger.Post(Move(names[from], names[to], amount)).ok(), allowed) << step;
    if (allowed) {
      model[from] -= amount;
      model[to] += amount;
    }
    ASSERT_TRUE(ledger.IsConserved());
    ASSERT_EQ(static_cast<__int128>(Count(ledger.EscrowTotal())), model[4] + model[5]);
  }
  for (size_t i = 1; i < 6; ++i) EXPECT_EQ(static_cast<__int128>(Count(ledger.Balance(names[i]))), model[i]);
}

}  // namespace
}  // namespace prooflode::ledger
