// Withdrawals: asked for by the owner of the money, which leaves its balance at once; then paid outside the
// market by an operator, who says so with the payment's reference, or rejected, or cancelled by the owner,
// which gives the money back. Each ends once.
#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

namespace {

constexpr size_t kUnpaidPerOwnerMax = 100;

const char* Text(WithdrawalState state) {
  switch (state) {
    case WithdrawalState::kRequested:
      return "requested";
    case WithdrawalState::kPaid:
      return "paid";
    case WithdrawalState::kRejected:
      return "rejected";
    case WithdrawalState::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

Refusal NotRequested(const Withdrawal& withdrawal) {
  return Refuse(RefusalCode::kFailedPrecondition,
                absl::StrCat("withdrawal_id: ", withdrawal.id, " is ", Text(withdrawal.state), " already"));
}

}  // namespace

Answer State::Apply(const Stamped& in, const Withdraw& command) {
  const Identity& owner = in.origin.identity;
  const std::string key = Hex(owner);
  // References of withdrawals are the owner's own; those of deposits and payments the market's.
  const std::string reference = absl::StrCat("withdraw:", key, ":", command.external_reference);
  size_t unpaid = 0;
  if (const auto earlier = withdrawals_of_.find(owner); earlier != withdrawals_of_.end()) {
    for (const WithdrawalId id : earlier->second) {
      const Withdrawal& withdrawal = withdrawals_.at(id);
      if (withdrawal.state == WithdrawalState::kRequested) ++unpaid;
      if (withdrawal.reference != command.external_reference) continue;
      if (withdrawal.amount == command.amount) return WithdrawalAnswer{withdrawal};
      return Refuse(RefusalCode::kAlreadyExists,
                    absl::StrCat("external_reference: \"", command.external_reference,
                                 "\" was used for another withdrawal"));
    }
  }
  if (unpaid >= kUnpaidPerOwnerMax) {
    return Refuse(RefusalCode::kResourceExhausted, absl::StrCat("withdrawals that wait to be paid: ", unpaid,
                                                                ", want below ", kUnpaidPerOwnerMax));
  }
  const StatusOr<ledger::Transfer> posted = ledger_.Post({.kind = ledger::TransferKind::kWithdrawalRequest,
                                                          .time = in.now,
                                                          .amount = command.amount,
                                                          .debit = ledger::Available(key),
                                                          .credit = ledger::Withdrawing(key),
                                                          .external_reference = reference});
  if (!posted.ok()) {
    const bool poor = posted.status().code() == absl::StatusCode::kFailedPrecondition;
    return Refuse(poor ? RefusalCode::kFailedPrecondition : RefusalCode::kInvalidArgument,
                  std::string(FromSv(posted.status().message())));
  }
  NoteTransfer(*posted);
  const Withdrawal withdrawal{.id = in.leaf_index,
                              .owner = owner,
                              .amount = command.amount,
                              .reference = command.external_reference,
                              .requested_at = in.now};
  PutWithdrawal(withdrawal);
  return WithdrawalAnswer{withdrawal};
}

Answer State::Apply(const Stamped& in, const PayWithdrawal& command) {
  const auto found = withdrawals_.find(command.withdrawal);
  if (found == withdrawals_.end()) {
    return Refuse(RefusalCode::kNotFound, "withdrawal_id: no such withdrawal");
  }
  Withdrawal withdrawal = found->second;
  if (withdrawal.state == WithdrawalState::kPaid && withdrawal.payment == command.external_reference) {
    return WithdrawalAnswer{withdrawal};
  }
  if (withdrawal.state != WithdrawalState::kRequested) return NotRequested(withdrawal);
  const StatusOr<ledger::Transfer> posted =
      ledger_.Post({.kind = ledger::TransferKind::kWithdrawal,
                    .time = in.now,
                    .amount = withdrawal.amount,
                    .debit = ledger::Withdrawing(Hex(withdrawal.owner)),
                    .credit = ledger::kExternal,
                    .external_reference = absl::StrCat("payment:", command.external_reference)});
  if (!posted.ok()) {  // the money is there, so it is the reference
    return Refuse(RefusalCode::kAlreadyExists, std::string(FromSv(posted.status().message())));
  }
  NoteTransfer(*posted);
  withdrawal.state = WithdrawalState::kPaid;
  withdrawal.payment = command.external_reference;
  withdrawal.ended_at = in.now;
  PutWithdrawal(withdrawal);
  return WithdrawalAnswer{std::move(withdrawal)};
}

Answer State::Apply(const Stamped& in, const RejectWithdrawal& command) {
  const auto found = withdrawals_.find(command.withdrawal);
  if (found == withdrawals_.end()) {
    return Refuse(RefusalCode::kNotFound, "withdrawal_id: no such withdrawal");
  }
  if (found->second.state == WithdrawalState::kRejected) return WithdrawalAnswer{found->second};
  return GiveBack(in, found->second, WithdrawalState::kRejected, command.note);
}

Answer State::Apply(const Stamped& in, const CancelWithdrawal& command) {
  const auto found = withdrawals_.find(command.withdrawal);
  if (found == withdrawals_.end() || found->second.owner != in.origin.identity) {
    return Refuse(RefusalCode::kNotFound, "withdrawal_id: no such withdrawal of this key");
  }
  if (found->second.state == WithdrawalState::kCancelled) return WithdrawalAnswer{found->second};
  return GiveBack(in, found->second, WithdrawalState::kCancelled, "");
}

Answer State::GiveBack(const Stamped& in, Withdrawal withdrawal, WithdrawalState state,
                       const std::string& note) {
  if (withdrawal.state != WithdrawalState::kRequested) return NotRequested(withdrawal);
  const std::string key = Hex(withdrawal.owner);
  PL_CHECK(Transfer(in, ledger::TransferKind::kWithdrawalReturn, ledger::Withdrawing(key),
                    ledger::Available(key), withdrawal.amount, ""));
  withdrawal.state = state;
  withdrawal.note = note;
  withdrawal.ended_at = in.now;
  PutWithdrawal(withdrawal);
  return WithdrawalAnswer{std::move(withdrawal)};
}

void State::PutWithdrawal(Withdrawal withdrawal) {
  changed_ = true;
  changes_.withdrawals.insert(withdrawal.id);
  PutLoaded(std::move(withdrawal));
}

void State::PutLoaded(Withdrawal withdrawal) {
  const auto count = [this](const Withdrawal& w, bool add) {
    if (w.state != WithdrawalState::kRequested) return;
    withdrawals_due_ += (add ? 1 : UINT64_MAX) * Count(w.amount);
    if (add) {
      unpaid_.insert(w.id);
    } else {
      unpaid_.erase(w.id);
    }
  };
  if (const auto before = withdrawals_.find(withdrawal.id); before != withdrawals_.end()) {
    count(before->second, false);
  }
  count(withdrawal, true);
  withdrawals_of_[withdrawal.owner].insert(withdrawal.id);
  withdrawals_[withdrawal.id] = std::move(withdrawal);
}

}  // namespace prooflode::market
