// The market's rules as a pure state machine: Apply(state, stamped command) -> answer and effects. Total and
// deterministic; no I/O, clock, threads or randomness of its own. Money moves through the ledger inside the
// same call, so a win and its payment, an expiry and its refund, are one step. Conservation of money is
// asserted after every change.
//
// Rules (docs/protocol.md): race order is the leaf index of commits; commits logged after the first valid
// verdict cannot win; at the first valid verdict the proof is delivered; payment follows when every earlier
// commit is decided or its reveal window has passed; commits close at the deadline; refund once every timely
// commit is decided; nothing expires before a reconnect grace after a restart.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/status.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/market/commands.h"
#include "coordinator/market/ended_index.h"

namespace prooflode::market {

// Everything that Apply changed since the last TakeChanges, for the store.
struct Changes {
  std::set<CircuitId> circuits;
  std::set<JobId> jobs;
  std::set<AttemptId> attempts;
  std::set<std::pair<JobId, Identity>> candidacies;  // entered or ended: those that are not there any more
  std::set<Identity> standings;
  std::vector<DrawRecord> draws;
  std::set<ledger::AccountName> accounts;
  std::vector<ledger::Transfer> transfers;
  std::set<WithdrawalId> withdrawals;
  std::set<SuspensionSubject> suspensions;
};

// Who holds a place that it could lose (HolderSilent).
struct PlaceHolder {
  AttemptId attempt{};
  Identity miner{};
  Micros admitted_at{};
};

class Market {
 public:
  // `rules` hold until the first Restart, which brings its own.
  explicit Market(const Rules& rules = {});
  ~Market();
  Market(Market&&) noexcept;

  // `input.now` does not fall and `input.leaf_index` grows. Timers act in Tick alone: the engine applies one
  // before another command whenever NextDue() <= now. Other commands refuse what is late, but expire nothing.
  Outcome Apply(const Stamped& input);

  // When the next deadline, lease end, reveal window or draw needs a Tick; nullopt when nothing is pending.
  std::optional<Micros> NextDue() const;

  // Reading.
  const Rules& rules() const;
  const Circuit* FindCircuit(const CircuitId& id) const;
  const Circuit* FindCircuitByName(const std::string& name) const;
  const Job* FindJob(const JobId& id) const;
  const Attempt* FindAttempt(const AttemptId& id) const;
  const std::map<CircuitId, Circuit>& circuits() const;
  const std::map<JobId, Job>& jobs() const;
  std::vector<const Attempt*> AttemptsOf(const JobId& job) const;
  size_t LiveAttemptCount() const;            // linear in the miners that have any
  uint32_t RacersOf(const JobId& job) const;  // live attempts
  std::vector<const Attempt*> LiveAttemptsOf(const Identity& miner) const;
  // This miner's attempts that ended behind `after`, in order of their places; at most `count_max`, the
  // first. Cost: linear in what is given, and in the late commits among them.
  std::vector<const Attempt*> EndedOf(const Identity& miner, const EndPlace& after, size_t count_max) const;
  // Whether another miner could be admitted, were the job open.
  bool HasRoom(const Job& job) const;
  const Candidacy* FindCandidacy(const JobId& job, const Identity& miner) const;
  std::vector<Candidacy> CandidaciesOf(const Identity& miner) const;
  const std::map<std::pair<JobId, Identity>, Candidacy>& candidacies() const;
  const std::map<Identity, Standing>& standings() const;
  uint32_t DrawsLost(const Identity& miner) const;  // since it was last admitted by a draw
  // By how much an ended attempt won or lost, as its end told: the job's margin for the winner; for a loser
  // with a commit that the winner's payment ended, its commit's log time less the winner's. nullopt for all
  // others. Depends on rows that do not change any more, so it says the same whenever it is asked.
  std::optional<Micros> MarginOf(const Attempt& ended) const;
  std::vector<PlaceHolder> PlaceHolders() const;
  // By `now`, proofs of jobs that ended before this time may have been deleted, and those of all others are
  // kept; 0 where all are.
  Micros ProofsKeptFrom(Micros now) const;
  // The leaf of the proof that a job has delivered, the winner's once it is won; nullopt before.
  std::optional<LeafIndex> DeliveredProof(const Job& job) const;
  // Revealed and unjudged: to be verified again after a restart.
  std::vector<AttemptId> PendingVerdicts() const;
  const ledger::Ledger& ledger() const;
  const Withdrawal* FindWithdrawal(WithdrawalId id) const;
  const std::map<WithdrawalId, Withdrawal>& withdrawals() const;  // the oldest first
  const std::set<WithdrawalId>& WithdrawalsOf(const Identity& owner) const;
  const std::set<WithdrawalId>& UnpaidWithdrawals() const;
  // Those that are no longer active too.
  const std::map<SuspensionSubject, Suspension>& suspensions() const;

  // For the store: what changed, and loading it back (in any order, before the first Apply). FinishLoading
  // checks that everything refers to something that exists and that the money adds up.
  Changes TakeChanges();
  void LoadCircuit(Circuit circuit);
  void LoadJob(Job job);
  void LoadAttempt(Attempt attempt);
  void LoadWithdrawal(Withdrawal withdrawal);
  void LoadSuspension(Suspension suspension);
  void LoadCandidacy(const Candidacy& candidacy);
  void LoadStanding(const Standing& standing);
  ledger::Ledger& LedgerForLoading();
  Status FinishLoading();

 private:
  std::unique_ptr<class State> state_;
};

}  // namespace prooflode::market
