// Double-entry accounts in integers of the smallest unit. Every transfer debits one account and credits
// another by the same amount; no account goes below zero, but for "external", the world outside, which owes
// what the market holds. So the balances of all others add up to what external owes, at any time. Pure; not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace prooflode::ledger {

// "available:<hex key>", "escrow:<hex key>" (of a requester's unfinished jobs), "stake:<hex key>" (collateral
// of a miner's live attempts), "withdrawing:<hex key>" (asked for and not yet paid), "fees", "external".
using AccountName = std::string;
inline constexpr std::string_view kStakePrefix = "stake:";
AccountName Available(std::string_view hex_key);
AccountName Escrow(std::string_view hex_key);
AccountName Stake(std::string_view hex_key);
AccountName Withdrawing(std::string_view hex_key);
// All accounts of one key: available, escrow, stake, withdrawing.
std::vector<AccountName> AccountsOf(std::string_view hex_key);
inline const AccountName kFees = "fees";
inline const AccountName kExternal = "external";

enum class TransferKind : uint8_t {
  kDeposit = 1,
  kEscrow = 2,
  kReward = 3,
  kFee = 4,
  kRefund = 5,
  kWithdrawal = 6,  // paid outside
  kCollateral = 7,
  kCollateralReturn = 8,
  kPenalty = 9,  // forfeited collateral, to the requester
  kBounty =
      10,  // forfeited collateral, set aside in escrow for whoever completes the job, and paid from there
  kCheckFee = 11,  // from the escrow of an unprovable job to who reported it
  kWithdrawalRequest = 12,
  kWithdrawalReturn = 13,  // rejected or cancelled
};

struct Transfer {
  uint64_t id = 0;  // dense, from 1
  TransferKind kind = TransferKind::kDeposit;
  Micros time{};
  Amount amount{};
  AccountName debit;   // loses
  AccountName credit;  // gains
  std::string job;     // hex id, empty where no job is involved
  std::string external_reference;
  friend bool operator==(const Transfer&, const Transfer&) = default;
};

class Ledger {
 public:
  // Gives the transfer the next id, moves the money, and returns the transfer. kFailedPrecondition when the
  // debited account has too little, kResourceExhausted when the credited one would overflow, kInvalidArgument
  // for an amount of zero or equal accounts, kAlreadyExists for a used external reference. A refused transfer
  // changes nothing.
  StatusOr<Transfer> Post(Transfer transfer);

  // Zero for an unknown account; for external, what it owes.
  Amount Balance(const AccountName& account) const;
  const std::map<AccountName, Amount>& balances() const { return balances_; }
  // The transfer with this external reference, old or new.
  const Transfer* FindReference(const std::string& external_reference) const;
  uint64_t transfer_count() const { return transfer_count_; }

  // Whether the balances add up to what external owes. Cost: O(1).
  bool IsConserved() const { return held_total_ == Count(Balance(kExternal)); }
  // The sums of all escrow, stake and withdrawing accounts. Cost: O(1).
  Amount EscrowTotal() const { return escrow_total_; }
  Amount StakeTotal() const { return stake_total_; }
  Amount WithdrawingTotal() const { return withdrawing_total_; }

  // For the store, before the first Post: every balance, every transfer with an external reference, and how
  // many transfers there are.
  void LoadBalance(const AccountName& account, Amount balance);
  void LoadReferencedTransfer(Transfer transfer);
  void LoadTransferCount(uint64_t count) { transfer_count_ = count; }

 private:
  void SetBalance(const AccountName& account, Amount balance);

  std::map<AccountName, Amount> balances_;
  std::map<std::string, Transfer> by_reference_;
  uint64_t transfer_count_ = 0;
  Amount escrow_total_{};
  Amount stake_total_{};
  Amount withdrawing_total_{};
  unsigned __int128 held_total_ =
      0;  // of all accounts but external; wide, for damaged balances are loaded too
};

}  // namespace prooflode::ledger
