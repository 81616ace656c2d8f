// Withdrawals and what becomes of them, and the kill switch (docs/protocol.md).
#include <algorithm>

#include "tests/sim/model.h"

namespace prooflode::sim {

std::string WithdrawingOf(const Key& key) { return "withdrawing:" + HexEncode(key); }

const WithdrawalModel* Model::FindWithdrawal(uint64_t leaf) const {
  const auto it = withdrawals_.find(leaf);
  return it == withdrawals_.end() ? nullptr : &it->second;
}
const WithdrawalModel* Model::FindWithdrawal(const Key& owner, const std::string& reference) const {
  const auto it = withdrawal_of_.find({owner, reference});
  return it == withdrawal_of_.end() ? nullptr : FindWithdrawal(it->second);
}
const WithdrawalModel* Model::FindPayment(const std::string& reference) const {
  const auto it = payments_.find(reference);
  return it == payments_.end() ? nullptr : FindWithdrawal(it->second);
}
uint32_t Model::UnpaidOf(const Key& owner) const {
  return static_cast<uint32_t>(std::count_if(
      withdrawals_.begin(), withdrawals_.end(),
      [&](const auto& entry) { return entry.second.owner == owner && entry.second.phase == kRequested; }));
}
bool Model::IsSuspended(const Digest& circuit) const {
  return suspended_.contains(circuit) || suspended_.contains(Digest{});
}

void Model::FoldWithdrawal(const LeafView& leaf) {
  const Key owner = leaf.Bytes<Key>(1);
  const auto amount = leaf.Number<uint64_t>(71);
  if (!withdrawal_of_.insert({{owner, leaf.Text(72)}, leaf.index}).second) {
    Wrong(leaf, "reference-once", "this withdrawal was asked for already");
  }
  withdrawals_[leaf.index] = {owner, amount, kRequested};
  Expect({0, kMoneyWithdrawalRequest, amount, AvailableOf(owner), WithdrawingOf(owner), ""});
}

void Model::FoldWithdrawalEnd(const LeafView& leaf) {
  const auto it = withdrawals_.find(leaf.Number<uint64_t>(60));
  if (it == withdrawals_.end() || it->second.phase != kRequested) {
    return Wrong(leaf, "withdrawal-once", "it is none, or has ended");
  }
  WithdrawalModel& withdrawal = it->second;
  const std::string waiting = WithdrawingOf(withdrawal.owner);
  if (leaf.kind == kPayWithdrawal) {
    withdrawal.phase = kPaid;
    if (!payments_.emplace(leaf.Text(72), it->first).second) {
      Wrong(leaf, "reference-once", "this payment settles another withdrawal");
    }
    return Expect({0, kMoneyWithdrawal, withdrawal.amount, waiting, "external", ""});
  }
  if (leaf.kind == kCancelWithdrawal && withdrawal.owner != leaf.Bytes<Key>(1)) {
    Wrong(leaf, "withdrawal", "cancelled by another than its owner");
  }
  withdrawal.phase = leaf.kind == kCancelWithdrawal ? kWithdrawalCancelled : kRejected;
  Expect({0, kMoneyWithdrawalReturn, withdrawal.amount, waiting, AvailableOf(withdrawal.owner), ""});
}

// Every job of the subject that is not delivered ends in this leaf.
void Model::FoldSuspension(const LeafView& leaf) {
  const auto circuit = leaf.Bytes<Digest>(10);
  const bool active = leaf.Number<uint8_t>(74) == 1;
  if (active == suspended_.contains(circuit)) Wrong(leaf, "suspended", "it was so already");
  if (!active) {
    suspended_.erase(circuit);
    return;
  }
  suspended_.insert(circuit);
  for (const auto& [id, job] : jobs_) {
    const bool over = (job.phase == kOpen || job.phase == kClosing) && IsSuspended(job.circuit);
    const bool recorded = std::any_of(leaf.jobs.begin(), leaf.jobs.end(), [id = id](const JobRecord& record) {
      return record.id == id && record.phase == kSuspended;
    });
    if (over != recorded) Wrong(leaf, "suspended", "another set of jobs ended than the suspended one");
  }
}

}  // namespace prooflode::sim
