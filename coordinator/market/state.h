// The market's state and the rules that work on it; Market (market.h) is its public face. One file a group of
// rules: jobs.cc posting and cancelling, admission.cc who gets a place, attempts.cc what miners do with it,
// settle.cc verdicts, timers, payment and refund, stake.cc collateral and what it is lost for, unprovable.cc
// jobs that nobody can prove, withdrawals.cc, suspend.cc the operator's kill switch.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "coordinator/market/market.h"

namespace prooflode::market {

std::string Hex(const Identity& key);
std::string Hex(const JobId& id);
std::string Hex(const AttemptId& id);

// `per_million` millionths of an amount, rounded down. At most the amount for at most a million.
Amount PartOf(Amount amount, uint32_t per_million);

Refusal Refuse(RefusalCode code, std::string message, Reason reason = Reason::kUnspecified);

class State {
 public:
  explicit State(const Rules& rules) : rules_(rules) {}

  // Each of these is one command: it answers, and adds to effects_ what follows. `in` is the command being
  // applied.
  Answer Apply(const Stamped& in, const RegisterCircuit& command);
  Answer Apply(const Stamped& in, const PostJob& command);
  Answer Apply(const Stamped& in, const CancelJob& command);
  Answer Apply(const Stamped& in, const AcceptOffer& command);
  Answer Apply(const Stamped& in, const CommitProof& command);
  Answer Apply(const Stamped& in, const RevealProof& command);
  Answer Apply(const Stamped& in, const ReleaseAttempt& command);
  Answer Apply(const Stamped& in, const RecordVerdict& command);
  Answer Apply(const Stamped& in, const Deposit& command);
  Answer Apply(const Stamped& in, const Withdraw& command);
  Answer Apply(const Stamped& in, const Tick& command);
  Answer Apply(const Stamped& in, const Restart& command);
  Answer Apply(const Stamped& in, const PayWithdrawal& command);
  Answer Apply(const Stamped& in, const RejectWithdrawal& command);
  Answer Apply(const Stamped& in, const CancelWithdrawal& command);
  Answer Apply(const Stamped& in, const SetSuspension& command);
  Answer Apply(const Stamped& in, const WithdrawCandidacy& command);
  Answer Apply(const Stamped& in, const HolderSilent& command);

  // Writing rows: every change of a job or attempt goes through these, which keep the indexes and note the
  // change.
  void PutJob(Job job);
  void PutAttempt(Attempt attempt);
  void PutCircuit(Circuit circuit);
  void PutCandidacy(const Candidacy& candidacy);
  void EraseCandidacy(const Candidacy& candidacy);
  void PutStanding(const Standing& standing);
  void PutLoaded(Job job);
  void PutLoaded(Attempt attempt);
  void PutWithdrawal(Withdrawal withdrawal);
  void PutLoaded(Withdrawal withdrawal);
  void PutLoaded(const Candidacy& candidacy);

  Micros ProofsKeptFrom(Micros now) const;

  void CheckMoney() const;
  Status CheckReferences() const;

  Rules rules_;
  std::map<CircuitId, Circuit> circuits_;
  std::map<std::string, CircuitId> circuit_names_;
  std::map<JobId, Job> jobs_;
  std::map<AttemptId, Attempt> attempts_;
  std::map<std::pair<JobId, Identity>, Candidacy> candidacies_;
  std::map<Identity, Standing> standings_;
  ledger::Ledger ledger_;
  std::map<WithdrawalId, Withdrawal> withdrawals_;
  std::map<SuspensionSubject, Suspension> suspensions_;
  Micros no_expiry_before_{};
  Micros proofs_kept_from_{};  // as the last start had it
  LeafIndex last_restart_ = 0;
  Micros last_time_{};
  Changes changes_;
  std::vector<Effect> effects_;
  bool changed_ = false;  // by the command being applied

  // Indexes, derived from the rows.
  struct AttemptsOfJob {
    std::set<std::pair<uint64_t, AttemptId>> by_fence;  // fences are log indexes: the order of admission
    std::map<Identity, std::set<std::pair<uint64_t, AttemptId>>> of_miner;  // likewise
    uint32_t live = 0;
    uint32_t unjudged = 0;  // committed or revealed
    uint32_t late = 0;      // admitted and late: a hedged lease has a second place
    uint32_t candidates = 0;
  };
  std::map<JobId, AttemptsOfJob> attempts_of_job_;
  std::map<Identity, std::set<AttemptId>> live_of_miner_;
  std::map<Identity, uint32_t> unfinished_of_requester_;
  EndedIndex ended_;
  using ProvenBy = std::pair<Micros, JobId>;
  std::map<Digest, ProvenBy> proven_;  // statement -> when it was proven last, and by which job
  std::map<Digest, std::set<JobId>> unfinished_of_statement_;
  std::map<Identity, std::set<JobId>> candidate_at_;
  std::set<std::pair<Identity, CircuitId>> proven_by_;  // who has won a job of which circuit
  std::set<std::pair<Micros, JobId>> job_timers_;
  std::set<std::pair<Micros, JobId>> draw_timers_;
  std::set<std::pair<Micros, AttemptId>> attempt_timers_;
  uint64_t escrow_due_ = 0;  // reward, fee and bounty of all unfinished jobs
  uint64_t stake_due_ = 0;   // collateral of all live attempts
  std::map<Identity, std::set<WithdrawalId>> withdrawals_of_;
  std::set<WithdrawalId> unpaid_;  // requested
  uint64_t withdrawals_due_ = 0;   // their sum

  // Shared by the rules.
  const Job* FindJob(const JobId& id) const;
  // An unfinished job for this statement with this circuit: one with another that has the same verifying key
  // may be one that nobody can prove, and keeps nobody waiting. nullptr: none.
  const Job* UnfinishedOf(const CircuitId& circuit, const Digest& statement) const;
  std::optional<Refusal> CheckMiner(const Stamped& in, const AttemptId& id, uint64_t fence) const;
  const AttemptsOfJob& OfJob(const JobId& id) const;
  // What this miner's earlier attempts at the job mean for another one; nullopt: nothing.
  std::optional<Answer> FromEarlierAttempts(const Stamped& in, const Job& job) const;

  // Admission (admission.cc).
  uint32_t PlacesOf(const Job& job) const;  // 0: everybody
  bool HasRoom(const Job& job) const;
  // Says that it has the key, and has shown it: it has won a job of this circuit. Counts for leases alone,
  // where fetching a key keeps the requester waiting.
  bool IsResident(const Candidacy& candidacy, const Job& job) const;
  std::optional<Refusal> CheckCapacity(const Stamped& in, uint32_t slots) const;
  Answer EnterDraw(const Stamped& in, Job job, const Candidacy& candidacy);
  // Makes the attempt `id`, or says why not and changes nothing.
  std::optional<Refusal> Admit(const Stamped& in, const Candidacy& candidacy, const AttemptId& id);
  void Draw(const Stamped& in, JobId id);
  std::vector<Candidacy> CandidatesOf(const JobId& job) const;
  void EndCandidacies(const Stamped& in, const JobId& job, Reason reason);
  Standing StandingOf(const Identity& miner) const;
  void NoteDraw(const Identity& miner, bool admitted);
  void NotePlace(const Identity& miner, bool lost);

  bool IsPast(Micros now, Micros due) const { return now >= due && now >= no_expiry_before_; }
  void EndAttempt(const Stamped& in, Attempt attempt, AttemptState state, Reason reason);
  void ChangeJob(const Stamped& in, Job job);           // stamps the revision, puts, and tells watchers
  void BecomeLate(const Stamped& in, Attempt attempt);  // the holder of a hedged lease
  void OfferAgainIfRoom(const JobId& id, Micros now);
  void Deliver(const Stamped& in, Job job, const Attempt& attempt);
  void SettleIfDecided(const Stamped& in, const JobId& id);
  void PayWinner(const Stamped& in, Job job, Attempt best);
  // The escrow goes back, less what was `spent` of it.
  void Refund(const Stamped& in, const JobId& id, JobState state, Reason reason, Amount spent = {});

  // stake.cc. Takes the job's collateral from the attempt's miner, or says why not.
  std::optional<Refusal> HoldCollateral(const Stamped& in, const Job& job, Attempt& attempt);
  // What an end of this kind costs of the collateral.
  Amount PenaltyFor(const Stamped& in, const Attempt& attempt, AttemptState end, Reason reason) const;
  Amount ReleaseFee(const Stamped& in, const Attempt& attempt) const;
  // Nothing is held afterwards: `penalty` is shared out, the rest goes back.
  void CloseStake(const Stamped& in, Attempt& attempt, Amount penalty);
  void PayBounty(const Stamped& in, Job& job, ledger::TransferKind kind, const ledger::AccountName& to);

  // withdrawals.cc
  Answer GiveBack(const Stamped& in, Withdrawal withdrawal, WithdrawalState state, const std::string& note);
  // suspend.cc
  bool IsSuspended(const Circuit& circuit) const;

  // unprovable.cc. Ends an open job that enough miners have reported, once no commit is undecided.
  void EndIfUnprovable(const Stamped& in, const JobId& id);

  bool Transfer(const Stamped& in, ledger::TransferKind kind, const ledger::AccountName& debit,
                const ledger::AccountName& credit, Amount amount, const std::string& job);
  void NoteTransfer(const ledger::Transfer& transfer);

 private:
  void Index(const Job& job, bool add);
  void Index(const Attempt& attempt, bool add);
};

}  // namespace prooflode::market
