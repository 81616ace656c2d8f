// The part of an audit that follows the market leaf by leaf, with a model of its own: who committed when,
// what was revealed and judged, where money went. transparency/audit.h is what callers use.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "transparency/audit.h"
#include "transparency/leaf_records.h"

namespace prooflode::transparency {

class MarketAudit {
 public:
  // Findings about jobs carry their ids; `find` is told each at once.
  MarketAudit(const AuditOptions& options, std::function<void(Finding)> find)
      : options_(options), find_(std::move(find)) {}

  // `proof`: beside the leaf, where it is.
  void Apply(uint64_t index, const LeafContent& leaf, const std::optional<std::string>& proof);
  // What a whole log must show at its end; counts into `report`.
  void Finish(AuditReport& report);

  bool KnowsJob(const std::string& hex) const;
  // The job (hexadecimal) of an attempt (raw), or empty.
  std::string JobOf(const std::string& attempt) const;
  const std::string& market() const { return name_; }

 private:
  struct Attempt {
    std::string job;
    std::string miner;
    uint64_t fence = 0;
    std::optional<uint64_t> commit_leaf;
    std::string commit_hash;
    Micros reveal_by{};
    bool revealed = false;
    std::optional<std::string> proof;  // until its verdict; not where it is deleted
    bool withheld = false;             // revealed, and the proof is not shown
    std::optional<bool> valid;
    bool decided = false;
  };
  struct Circuit {
    std::string key_json;
    std::optional<Digest> digest;
  };
  struct Job {
    std::string requester;
    std::string circuit;
    std::string inputs;
    std::string statement;
    uint64_t reward = 0;
    uint64_t fee = 0;  // as the rules had it when it was posted
    Micros deadline{};
    uint64_t escrow = 0;
    uint64_t bounty = 0;  // of it, from collateral
    bool cancelled = false;
    bool rewarded = false;
    bool refunded = false;
    bool settled = false;
    std::optional<uint64_t> first_valid;  // leaf of the verdict
    std::string winner;                   // attempt
    std::vector<std::string> reporters;   // miners who say that it cannot be proven
    std::set<std::string> checkers;       // accounts that were paid for it
    std::vector<std::string> attempts;
  };

  // Reports `fraud` unless `holds`; gives `holds`.
  bool Demand(bool holds, const char* fraud, const std::string& what);
  const std::string* Field(uint16_t number) const;
  std::string Bytes(uint16_t number) const;
  uint64_t Integer(uint16_t number) const;
  uint32_t Integer32(uint16_t number, uint32_t absent) const;
  bool IsPast(Micros time) const;
  bool IsProven(const std::string& statement) const;
  Job* FindJob(const std::string& id);
  Attempt* FindAttempt(const std::string& id);
  Attempt* Own();
  bool WantsVerdict(const std::string& job) const;
  void NoteVerifier(const std::string& job);

  void OnRestart();
  void OnRegister();
  void OnPost();
  void OnCancel();
  void OnAdmit();
  void Admit(const AttemptRecord& record);
  void OnTick();
  void OnCommit();
  void OnReveal();
  void TakeProof(Attempt& attempt, const Job& job);
  void OnRelease();
  void OnVerdict();
  void OnMoney();
  void OnWithdrawalEnd();
  void AttemptChanged(const AttemptRecord& record);
  void JobChanged(const JobRecord& record);
  void TransferMade(const TransferRecord& transfer);
  void MoveMoney(const TransferRecord& transfer);
  void EscrowTaken(Job& job, const TransferRecord& transfer);
  void EscrowSpent(Job& job, const TransferRecord& transfer);
  void CheckFeePaid(Job& job, const TransferRecord& transfer);
  bool Ends(uint8_t state) const;
  bool IsOverdue(const Job& job) const;
  void CollateralMoved(Job& job, const TransferRecord& transfer);
  void RewardPaid(Job& job, const TransferRecord& transfer);
  void RefundPaid(Job& job, const TransferRecord& transfer);
  // The valid attempt with the earliest commit; nullptr without one. `undecided` is set where an earlier
  // commit is still undecided.
  const Attempt* Earliest(const Job& job, std::string* id, bool* undecided) const;

  const AuditOptions& options_;
  const std::function<void(Finding)> find_;
  std::string name_;  // of the market
  Micros reveal_window_{};
  uint32_t reports_wanted_ = 1;
  uint32_t fee_per_million_ = 0;
  uint32_t check_fee_per_million_ = 0;
  Micros no_expiry_before_{};
  Micros time_{INT64_MIN};
  std::map<std::string, Circuit> circuits_;
  std::map<std::string, Job> jobs_;
  std::map<std::string, Attempt> attempts_;
  Micros proof_retention_{};
  Micros proofs_kept_from_{};
  bool may_delete_proofs_ = false;        // a start so far keeps them for a time alone
  std::map<std::string, Micros> proven_;  // statement -> when last
  struct Withdrawal {
    std::string owner;
    uint64_t amount = 0;
    bool waiting = true;
  };
  std::map<uint64_t, Withdrawal> withdrawals_;  // by the leaf that asked
  std::map<std::string, uint64_t> balances_;
  uint64_t last_transfer_ = 0;
  uint64_t paid_ = 0;
  uint64_t refunded_ = 0;
  uint64_t judged_ = 0;
  uint64_t not_judged_ = 0;
  std::map<uint32_t, uint64_t> verdicts_by_version_;

  // The leaf at hand.
  uint64_t index_ = 0;
  const LeafContent* leaf_ = nullptr;
  const std::optional<std::string>* proof_ = nullptr;  // beside it
  std::string about_;                                  // the job, raw, that findings are about
  std::vector<JobRecord> job_records_;
  std::vector<AttemptRecord> attempt_records_;
  std::vector<TransferRecord> transfers_;
};

}  // namespace prooflode::transparency
