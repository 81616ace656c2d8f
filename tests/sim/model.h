// A market of the checkers' own, built from the stored leaves alone: it does not say what must follow from a
// command but whether what followed was allowed, and whether something that was due is missing. Rules as in
// docs/protocol.md. Shares no code with coordinator/.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/findings.h"
#include "tests/sim/leaf_view.h"

namespace prooflode::sim {

struct CandidateModel {
  int64_t predicted = 0;
  uint8_t residency = 0;
};
struct JobModel {
  Key requester{};
  Digest circuit{};
  Digest statement{};
  std::string inputs;
  uint64_t reward = 0;
  uint64_t fee = 0;
  uint64_t collateral = 0;  // of each admitted miner
  uint64_t bounty = 0;      // forfeited collateral that waits for whoever completes the job
  int64_t deadline = 0;
  uint32_t width = 0;  // 1 for a lease, 0 for everybody
  bool hedged = false;
  Digest draw_seed{};
  uint32_t draws = 0;
  int64_t draw_at = 0;  // 0: no candidates wait
  std::map<Key, CandidateModel> candidates;
  int64_t lease = 0;  // 0: a race
  uint8_t phase = 0;
  int64_t ended_at = 0;
  Id delivered{};
  Id winning{};
  std::vector<Id> attempts;
};
struct AttemptModel {
  Id job{};
  Key miner{};
  uint64_t fence = 0;
  uint8_t phase = 0;
  uint8_t reason = 0;
  int64_t admitted_at = 0;
  int64_t place_until = 0;  // 0: no limit of its own
  int64_t late_at = 0;      // of a hedged lease
  bool late = false;
  uint64_t stake = 0;  // collateral held
  bool has_committed = false;
  uint64_t commit_leaf = 0;
  Digest commit_hash{};
  int64_t reveal_by = 0;
  std::string proof;  // once revealed
  uint64_t proof_leaf = 0;
  bool judged = false;
};
struct WithdrawalModel {
  Key owner{};
  uint64_t amount = 0;
  uint8_t phase = 0;
};
struct RulesModel {
  std::string market;
  int64_t reveal_window = 0;
  int64_t race_place = 0;
  int64_t time_limit_min = 0;
  int64_t time_limit_max = 0;
  uint32_t jobs_max = 0;
  uint32_t live_max = 0;
  uint32_t admissions_max = 0;
  uint32_t fee_per_million = 0;
  uint32_t collateral_per_million = 0;
  int64_t release_grace = 0;
  uint32_t release_fee_per_million = 0;
  uint32_t unprovable_reports = 0;
  uint32_t check_fee_per_million = 0;
  int64_t draw_window = 0;
  uint32_t late_percent = 0;
  int64_t proof_retention = 0;  // 0: for ever
};

constexpr bool IsFinalPhase(uint8_t job) { return job >= kWon && job <= kSuspended; }
constexpr bool IsLivePhase(uint8_t attempt) { return attempt >= kAdmitted && attempt <= kValid; }
constexpr bool IsUndecided(uint8_t attempt) { return attempt == kCommitted || attempt == kRevealed; }
std::string AvailableOf(const Key& key);
std::string EscrowOf(const Key& key);
std::string StakeOf(const Key& key);
std::string WithdrawingOf(const Key& key);
// Rounded down.
uint64_t PartOf(uint64_t amount, uint32_t per_million);

class Model {
 public:
  explicit Model(Findings& findings) : findings_(findings) {}

  // The next leaf of the log.
  void Fold(const LeafView& leaf);

  const std::map<Id, JobModel>& jobs() const { return jobs_; }
  const std::map<Id, AttemptModel>& attempts() const { return attempts_; }
  // Without "external", and without accounts that hold nothing.
  const std::map<std::string, uint64_t>& balances() const { return balances_; }
  const RulesModel& rules() const { return rules_; }
  const JobModel* FindJob(const Id& id) const;
  const AttemptModel* FindAttempt(const Id& id) const;
  uint64_t Balance(const std::string& account) const;
  int64_t no_expiry_before() const { return no_expiry_before_; }
  bool HasCircuit(const Digest& id) const { return circuits_.contains(id); }
  bool HasCircuitName(const std::string& name) const { return circuit_names_.contains(name); }
  // By its reference: owner and amount. nullptr: none.
  const std::pair<Key, uint64_t>* FindDeposit(const std::string& reference) const;
  const WithdrawalModel* FindWithdrawal(uint64_t leaf) const;
  const WithdrawalModel* FindWithdrawal(const Key& owner, const std::string& reference) const;
  uint32_t UnpaidOf(const Key& owner) const;
  // By an operator's payment reference; nullptr: none.
  const WithdrawalModel* FindPayment(const std::string& reference) const;
  // Zeros for the circuit: the whole proof system.
  bool IsSuspended(const Digest& circuit) const;
  bool IsSuspensionActive(const Digest& circuit) const { return suspended_.contains(circuit); }
  const std::map<uint64_t, WithdrawalModel>& withdrawals() const { return withdrawals_; }
  const std::set<Digest>& suspended() const { return suspended_; }
  // By a proof that must still be there at `time`.
  bool IsProven(const Digest& statement, int64_t time) const;
  // Whether the last start lets the proof beside this leaf be deleted.
  bool MayProofBeGone(uint64_t leaf) const;
  bool IsBeingProven(const Digest& circuit, const Digest& statement) const;
  uint32_t UnfinishedOf(const Key& requester) const;
  uint32_t LiveOf(const Key& miner) const;
  uint32_t LiveIn(const JobModel& job) const;
  // How many may race at once; 0: everybody.
  uint32_t PlacesOf(const JobModel& job) const;
  // Whether the leaf made this miner a candidate for the job.
  bool WasCandidate(const Key& miner, const Id& job, uint64_t leaf) const;
  // Attempts that have not committed, and candidacies; and how many of them the miner has shown it can take.
  uint32_t WorkOf(const Key& miner) const;
  uint32_t CandidaciesOf(const Key& miner) const;
  uint32_t ShownSlots(const Key& miner, uint32_t declared) const;
  uint32_t DrawsLost(const Key& miner) const;
  uint32_t PlacesLost(const Key& miner) const;
  // Miners that have reported that nobody can prove it.
  uint32_t ReportsOf(const JobModel& job) const;
  // A commit that is neither decided nor out of time.
  bool HasUndecided(const JobModel& job) const;

 private:
  void CheckCommon(const LeafView& leaf);
  void FoldStart(const LeafView& leaf);
  void FoldKey(const LeafView& leaf);
  void FoldPost(const LeafView& leaf);
  void FoldAdmission(const LeafView& leaf);
  void FoldCandidacy(const LeafView& leaf, const Id& id, JobModel& job);
  void FoldCandidacyOver(const LeafView& leaf);
  void FoldSilence(const LeafView& leaf);
  void FoldDraws(const LeafView& leaf);
  void FoldDraw(const LeafView& leaf, const DrawRecord& draw, JobModel& job);
  uint32_t TicketsOf(const JobModel& job, const Key& miner) const;
  // Makes the attempt of this record.
  void Admit(const LeafView& leaf, const AttemptRecord& record, JobModel& job, const CandidateModel& asked);
  // What the account will hold after what this leaf is known to move so far.
  uint64_t BalanceSoFar(const std::string& account) const;
  void NotePlace(const Key& miner, bool lost);
  void FoldCommit(const LeafView& leaf);
  void FoldReveal(const LeafView& leaf);
  void TakeProof(const LeafView& leaf, AttemptModel& attempt);
  void FoldVerdict(const LeafView& leaf);
  void FoldCircuit(const LeafView& leaf);
  void FoldWithdrawal(const LeafView& leaf);
  void FoldWithdrawalEnd(const LeafView& leaf);
  void FoldSuspension(const LeafView& leaf);
  AttemptModel* OwnAttempt(const LeafView& leaf);
  void FoldCommand(const LeafView& leaf);
  void FoldAttempt(const LeafView& leaf, const AttemptRecord& record);
  bool MayEnd(const LeafView& leaf, const AttemptModel& attempt, const AttemptRecord& record) const;
  void FoldJob(const LeafView& leaf, const JobRecord& record);
  void CheckJobMove(const LeafView& leaf, const JobModel& job, const JobRecord& record);
  bool IsUnprovable(const JobModel& job) const;
  uint64_t PenaltyFor(const LeafView& leaf, const AttemptModel& attempt, const AttemptRecord& record) const;
  uint64_t ReleaseFee(int64_t now, const AttemptModel& attempt) const;
  void CloseStake(const LeafView& leaf, AttemptModel& attempt, const AttemptRecord& record);
  void PayOut(const Id& id);
  void CheckWinner(const JobModel& job, const JobRecord& record);
  void FoldMoney(const LeafView& leaf);
  void Move(const MoneyRecord& money);
  void CheckDue(const LeafView& leaf);
  void Expect(MoneyRecord money);
  bool IsPast(int64_t now, int64_t due) const { return now >= due && now >= no_expiry_before_; }
  void Wrong(const LeafView& leaf, const std::string& rule, const std::string& what);

  Findings& findings_;
  RulesModel rules_;
  std::map<Id, JobModel> jobs_;
  std::map<Id, AttemptModel> attempts_;
  std::map<std::string, uint64_t> balances_;
  uint64_t external_ = 0;
  uint64_t transfers_ = 0;
  std::map<Digest, bool> circuits_;  // whether its r1cs is there
  std::set<std::string> circuit_names_;
  std::map<std::string, std::pair<Key, uint64_t>> deposits_;
  std::map<uint64_t, WithdrawalModel> withdrawals_;  // by the leaf that asked
  std::map<std::pair<Key, std::string>, uint64_t> withdrawal_of_;
  std::map<std::string, uint64_t> payments_;
  std::set<Digest> suspended_;
  std::map<Digest, int64_t> proven_;         // when last
  std::map<uint64_t, Id> attempt_of_proof_;  // by the leaf that has its hash
  int64_t proofs_kept_from_ = 0;             // as the last start has it
  bool may_delete_proofs_ = false;
  std::map<Digest, std::set<Id>> unfinished_;  // by statement
  std::map<Key, uint32_t> unfinished_of_;
  std::map<Key, std::set<Id>> live_of_;
  std::set<std::pair<Key, std::string>> requests_;
  std::vector<MoneyRecord> expected_;    // what this leaf has to move
  std::map<Key, uint32_t> draws_lost_;   // since the last place that was drawn
  std::map<Key, uint32_t> places_lost_;  // less commits since
  std::map<Key, uint32_t> candidacies_;
  std::set<std::pair<Key, Digest>> proven_by_;      // who has won a job of which circuit
  std::map<uint64_t, std::pair<Key, Id>> entered_;  // candidacies by their leaf
  std::vector<Id> over_;                            // jobs that this leaf ended
  int64_t no_expiry_before_ = 0;
  std::optional<Key> key_;   // that signs
  uint64_t last_start_ = 0;  // leaf of the coordinator's last start
  int64_t last_time_ = 0;
  uint64_t leaves_ = 0;
};

}  // namespace prooflode::sim
