#include "coordinator/ledger/ledger.h"

#include <limits>
#include <utility>

#include "base/check.h"

namespace prooflode::ledger {

namespace {

constexpr std::string_view kEscrowPrefix = "escrow:";
constexpr std::string_view kWithdrawingPrefix = "withdrawing:";
// Databases have signed integers of 64 bits.
constexpr uint64_t kSupplyMax = uint64_t{std::numeric_limits<int64_t>::max()};

}  // namespace

AccountName Available(std::string_view hex_key) { return "available:" + std::string(hex_key); }
AccountName Escrow(std::string_view hex_key) { return std::string(kEscrowPrefix) + std::string(hex_key); }

AccountName Stake(std::string_view hex_key) { return std::string(kStakePrefix) + std::string(hex_key); }

AccountName Withdrawing(std::string_view hex_key) {
  return std::string(kWithdrawingPrefix) + std::string(hex_key);
}

std::vector<AccountName> AccountsOf(std::string_view hex_key) {
  return {Available(hex_key), Escrow(hex_key), Stake(hex_key), Withdrawing(hex_key)};
}

StatusOr<Transfer> Ledger::Post(Transfer transfer) {
  if (Count(transfer.amount) == 0) return absl::InvalidArgumentError("amount: 0, want > 0");
  if (transfer.debit == transfer.credit) {
    return absl::InvalidArgumentError(absl::StrCat("transfer from ", transfer.debit, " to itself"));
  }
  if (!transfer.external_reference.empty() && by_reference_.contains(transfer.external_reference)) {
    return absl::AlreadyExistsError(
        absl::StrCat("external_reference: \"", transfer.external_reference, "\" was used"));
  }
  // Money from outside raises what external owes; money that leaves lowers it.
  const Amount debit_before = Balance(transfer.debit);
  const Amount credit_before = Balance(transfer.credit);
  const auto debit_after = transfer.debit == kExternal ? CheckedAdd(debit_before, transfer.amount)
                                                       : CheckedSub(debit_before, transfer.amount);
  const auto credit_after = transfer.credit == kExternal ? CheckedSub(credit_before, transfer.amount)
                                                         : CheckedAdd(credit_before, transfer.amount);
  if (!debit_after && transfer.debit != kExternal) {
    return absl::FailedPreconditionError(absl::StrCat("balance of ", transfer.debit, ": ",
                                                      Count(debit_before), ", want at least ",
                                                      Count(transfer.amount)));
  }
  // What external owes is never less than any other balance, so this bounds them all.
  if (!debit_after || !credit_after || (transfer.debit == kExternal && Count(*debit_after) > kSupplyMax)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("amount: ", Count(transfer.amount), " does not fit an account"));
  }
  SetBalance(transfer.debit, *debit_after);
  SetBalance(transfer.credit, *credit_after);
  transfer.id = ++transfer_count_;
  if (!transfer.external_reference.empty()) by_reference_.emplace(transfer.external_reference, transfer);
  return transfer;
}

Amount Ledger::Balance(const AccountName& account) const {
  const auto it = balances_.find(account);
  return it == balances_.end() ? Amount{0} : it->second;
}

const Transfer* Ledger::FindReference(const std::string& external_reference) const {
  const auto it = by_reference_.find(external_reference);
  return it == by_reference_.end() ? nullptr : &it->second;
}

void Ledger::LoadBalance(const AccountName& account, Amount balance) { SetBalance(account, balance); }

void Ledger::LoadReferencedTransfer(Transfer transfer) {
  by_reference_.emplace(transfer.external_reference, std::move(transfer));
}

void Ledger::SetBalance(const AccountName& account, Amount balance) {
  Amount& held = balances_[account];
  // Cannot overflow: what is held never exceeds what external owes, which fits.
  for (const auto& [prefix, total] :
       {std::pair(kEscrowPrefix, &escrow_total_), std::pair(kStakePrefix, &stake_total_),
        std::pair(kWithdrawingPrefix, &withdrawing_total_)}) {
    if (account.starts_with(prefix)) *total = Amount{Count(*total) - Count(held) + Count(balance)};
  }
  if (account != kExternal) {
    held_total_ -= Count(held);
    held_total_ += Count(balance);
  }
  held = balance;
}

}  // namespace prooflode::ledger
