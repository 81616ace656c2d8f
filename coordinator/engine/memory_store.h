// A store in memory, for tests and simulations: what was written is durable as long as the object lives.
// Thread-safe. `fail_next_write` makes the next Write fail without effect.
#pragma once

#include <algorithm>
#include <map>

#include "base/mutex.h"
#include "coordinator/engine/ports.h"

namespace prooflode::engine {

class MemoryStore final : public Store {
 public:
  bool fail_next_write = false;

  Status Load(market::Market& market, std::vector<Digest>& leaf_hashes) override {
    MutexLock lock(mutex_);
    leaf_hashes.clear();
    for (const auto& [id, circuit] : circuits_) market.LoadCircuit(circuit);
    for (const auto& [id, job] : jobs_) market.LoadJob(job);
    for (const auto& [id, attempt] : attempts_) market.LoadAttempt(attempt);
    for (const auto& [id, withdrawal] : withdrawals_) market.LoadWithdrawal(withdrawal);
    for (const auto& [subject, suspension] : suspensions_) market.LoadSuspension(suspension);
    for (const auto& [key, candidacy] : candidacies_) market.LoadCandidacy(candidacy);
    for (const auto& [miner, standing] : standings_) market.LoadStanding(standing);
    ledger::Ledger& ledger = market.LedgerForLoading();
    for (const auto& [name, balance] : balances_) ledger.LoadBalance(name, balance);
    for (const ledger::Transfer& transfer : transfers_) {
      if (!transfer.external_reference.empty()) ledger.LoadReferencedTransfer(transfer);
    }
    ledger.LoadTransferCount(transfers_.size());
    for (const transparency::Leaf& leaf : leaves_) leaf_hashes.push_back(leaf.hash);
    return market.FinishLoading();
  }

  StatusOr<std::vector<KeyHandover>> LoadHandovers() override {
    MutexLock lock(mutex_);
    return handovers_;
  }

  Status Write(const Batch& batch) override {
    MutexLock lock(mutex_);
    if (std::exchange(fail_next_write, false)) return absl::InternalError("planted failure");
    for (size_t i = 0; i < batch.leaves.size(); ++i) {
      if (batch.leaves[i].index != leaves_.size() + i) return absl::InternalError("leaf out of order");
    }
    for (size_t i = 0; i < batch.transfers.size(); ++i) {
      if (batch.transfers[i].id != transfers_.size() + i + 1) return absl::InternalError("transfer id");
    }
    leaves_.insert(leaves_.end(), batch.leaves.begin(), batch.leaves.end());
    transfers_.insert(transfers_.end(), batch.transfers.begin(), batch.transfers.end());
    for (const auto& circuit : batch.circuits) circuits_[circuit.id] = circuit;
    for (const auto& job : batch.jobs) jobs_[job.id] = job;
    for (const auto& attempt : batch.attempts) attempts_[attempt.id] = attempt;
    for (const auto& withdrawal : batch.withdrawals) withdrawals_[withdrawal.id] = withdrawal;
    for (const auto& suspension : batch.suspensions) suspensions_[suspension.subject] = suspension;
    for (const auto& c : batch.candidacies) candidacies_[{c.job, c.miner}] = c;
    for (const auto& key : batch.candidacies_over) candidacies_.erase(key);
    for (const auto& standing : batch.standings) standings_[standing.miner] = standing;
    for (const auto& [name, balance] : batch.balances) balances_[name] = balance;
    for (const StoredAnswer& answer : batch.answers) answers_[{answer.identity, answer.request_id}] = answer;
    if (batch.handover) handovers_.push_back(*batch.handover);
    return absl::OkStatus();
  }

  StatusOr<std::optional<StoredAnswer>> FindAnswer(const market::Identity& identity,
                                                   const std::string& request_id) const override {
    MutexLock lock(mutex_);
    const auto found = answers_.find({identity, request_id});
    if (found == answers_.end()) return std::nullopt;
    return found->second;
  }

  StatusOr<std::vector<transparency::Leaf>> ReadLeaves(uint64_t from, size_t count_max) const override {
    MutexLock lock(mutex_);
    const size_t begin = std::min<size_t>(from, leaves_.size());
    const size_t count = std::min(count_max, leaves_.size() - begin);
    return std::vector(leaves_.begin() + static_cast<ptrdiff_t>(begin),
                       leaves_.begin() + static_cast<ptrdiff_t>(begin + count));
  }

  Status DeleteProofs(Micros kept_from, const std::vector<market::LeafIndex>& leaves) override {
    MutexLock lock(mutex_);
    proofs_kept_from_ = std::max(proofs_kept_from_, kept_from);
    for (const market::LeafIndex leaf : leaves) {
      if (leaf < leaves_.size()) leaves_[leaf].proof.reset();
    }
    return absl::OkStatus();
  }

  StatusOr<Micros> LoadProofsKeptFrom() override {
    MutexLock lock(mutex_);
    return proofs_kept_from_;
  }

  StatusOr<std::vector<ledger::Transfer>> ReadTransfers(const std::string& hex_key, uint64_t before_id,
                                                        size_t count_max) const override {
    MutexLock lock(mutex_);
    std::vector<ledger::Transfer> found;
    for (auto it = transfers_.rbegin(); it != transfers_.rend() && found.size() < count_max; ++it) {
      if (before_id != 0 && it->id >= before_id) continue;
      for (const auto& account : ledger::AccountsOf(hex_key)) {
        if (it->debit != account && it->credit != account) continue;
        found.push_back(*it);
        break;
      }
    }
    return found;
  }

  StatusOr<StatementRows> ReadStatement(const StatementQuery& query) const override {
    MutexLock lock(mutex_);
    const std::vector<ledger::AccountName> accounts = ledger::AccountsOf(query.hex_key);
    StatementRows rows;
    rows.before.resize(accounts.size());
    for (const ledger::Transfer& transfer : transfers_) {
      const bool before = transfer.time < query.from || transfer.id <= query.after_id;
      if (!before && (transfer.time >= query.until || rows.transfers.size() == query.count_max)) break;
      bool ours = false;
      for (size_t i = 0; i < accounts.size(); ++i) {
        const bool out = transfer.debit == accounts[i];
        const bool in = transfer.credit == accounts[i];
        ours = ours || out || in;
        if (!before || (!out && !in)) continue;
        const uint64_t held = Count(rows.before[i]);
        rows.before[i] = Amount{out ? held - Count(transfer.amount) : held + Count(transfer.amount)};
      }
      if (!before && ours) rows.transfers.push_back(transfer);
    }
    return rows;
  }

 private:
  mutable Mutex mutex_;
  std::vector<transparency::Leaf> leaves_ PL_GUARDED_BY(mutex_);
  Micros proofs_kept_from_ PL_GUARDED_BY(mutex_){};
  std::vector<ledger::Transfer> transfers_ PL_GUARDED_BY(mutex_);
  std::vector<KeyHandover> handovers_ PL_GUARDED_BY(mutex_);
  std::map<market::CircuitId, market::Circuit> circuits_ PL_GUARDED_BY(mutex_);
  std::map<market::JobId, market::Job> jobs_ PL_GUARDED_BY(mutex_);
  std::map<market::AttemptId, market::Attempt> attempts_ PL_GUARDED_BY(mutex_);
  std::map<market::WithdrawalId, market::Withdrawal> withdrawals_ PL_GUARDED_BY(mutex_);
  std::map<market::SuspensionSubject, market::Suspension> suspensions_ PL_GUARDED_BY(mutex_);
  std::map<std::pair<market::JobId, market::Identity>, market::Candidacy> candidacies_ PL_GUARDED_BY(mutex_);
  std::map<market::Identity, market::Standing> standings_ PL_GUARDED_BY(mutex_);
  std::map<ledger::AccountName, Amount> balances_ PL_GUARDED_BY(mutex_);
  std::map<std::pair<market::Identity, std::string>, StoredAnswer> answers_ PL_GUARDED_BY(mutex_);
};

}  // namespace prooflode::engine
