#include "coordinator/market/market.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

Market::Market(const Rules& rules) : state_(std::make_unique<State>(rules)) {}
Market::~Market() = default;
Market::Market(Market&&) noexcept = default;

Outcome Market::Apply(const Stamped& input) {
  PL_CHECK(input.now >= state_->last_time_);
  state_->last_time_ = input.now;
  state_->effects_.clear();
  state_->changed_ = false;
  const size_t transfers_before = state_->changes_.transfers.size();
  Outcome outcome;
  outcome.answer =
      std::visit([&](const auto& command) { return state_->Apply(input, command); }, input.command);
  outcome.effects = std::exchange(state_->effects_, {});
  outcome.changed = state_->changed_;
  if (state_->changes_.transfers.size() != transfers_before) state_->CheckMoney();
  return outcome;
}

std::optional<Micros> Market::NextDue() const {
  std::optional<Micros> due;
  if (!state_->job_timers_.empty()) due = state_->job_timers_.begin()->first;
  if (!state_->attempt_timers_.empty()) {
    const Micros first = state_->attempt_timers_.begin()->first;
    due = due ? std::min(*due, first) : first;
  }
  if (due) due = std::max(*due, state_->no_expiry_before_);
  if (!state_->draw_timers_.empty()) {
    const Micros draw = state_->draw_timers_.begin()->first;
    due = due ? std::min(*due, draw) : draw;
  }
  return due;
}

const Rules& Market::rules() const { return state_->rules_; }

const Circuit* Market::FindCircuit(const CircuitId& id) const {
  const auto it = state_->circuits_.find(id);
  return it == state_->circuits_.end() ? nullptr : &it->second;
}

const Circuit* Market::FindCircuitByName(const std::string& name) const {
  const auto it = state_->circuit_names_.find(name);
  return it == state_->circuit_names_.end() ? nullptr : FindCircuit(it->second);
}

const Job* Market::FindJob(const JobId& id) const { return state_->FindJob(id); }

const Attempt* Market::FindAttempt(const AttemptId& id) const {
  const auto it = state_->attempts_.find(id);
  return it == state_->attempts_.end() ? nullptr : &it->second;
}

const std::map<CircuitId, Circuit>& Market::circuits() const { return state_->circuits_; }
const std::map<JobId, Job>& Market::jobs() const { return state_->jobs_; }

std::vector<const Attempt*> Market::AttemptsOf(const JobId& job) const {
  std::vector<const Attempt*> attempts;
  const auto it = state_->attempts_of_job_.find(job);
  if (it == state_->attempts_of_job_.end()) return attempts;
  for (const auto& [fence, id] : it->second.by_fence) attempts.push_back(FindAttempt(id));
  return attempts;
}

size_t Market::LiveAttemptCount() const {
  size_t count = 0;
  for (const auto& [miner, attempts] : state_->live_of_miner_) count += attempts.size();
  return count;
}

uint32_t Market::DrawsLost(const Identity& miner) const {
  const auto standing = standings().find(miner);
  return standing == standings().end() ? 0 : standing->second.draws_lost;
}
uint32_t Market::RacersOf(const JobId& job) const { return state_->OfJob(job).live; }

std::vector<const Attempt*> Market::LiveAttemptsOf(const Identity& miner) const {
  std::vector<const Attempt*> attempts;
  const auto it = state_->live_of_miner_.find(miner);
  if (it == state_->live_of_miner_.end()) return attempts;
  for (const AttemptId& id : it->second) attempts.push_back(FindAttempt(id));
  return attempts;
}

std::vector<const Attempt*> Market::EndedOf(const Identity& miner, const EndPlace& after,
                                            size_t count_max) const {
  std::vector<const Attempt*> ended;
  const std::vector<EndPlace>& places = state_->ended_.Of(miner);
  for (auto it = std::upper_bound(places.begin(), places.end(), after);
       it != places.end() && ended.size() < count_max; ++it) {
    const Attempt* attempt = FindAttempt(it->attempt);
    if (!IsLive(attempt->state) && PlaceOf(*attempt) == *it) ended.push_back(attempt);
  }
  return ended;
}

bool Market::HasRoom(const Job& job) const { return state_->HasRoom(job); }

const Candidacy* Market::FindCandidacy(const JobId& job, const Identity& miner) const {
  const auto it = state_->candidacies_.find({job, miner});
  return it == state_->candidacies_.end() ? nullptr : &it->second;
}

std::vector<Candidacy> Market::CandidaciesOf(const Identity& miner) const {
  std::vector<Candidacy> candidacies;
  const auto it = state_->candidate_at_.find(miner);
  if (it == state_->candidate_at_.end()) return candidacies;
  for (const JobId& job : it->second) candidacies.push_back(*FindCandidacy(job, miner));
  return candidacies;
}

const std::map<std::pair<JobId, Identity>, Candidacy>& Market::candidacies() const {
  return state_->candidacies_;
}
const std::map<Identity, Standing>& Market::standings() const { return state_->standings_; }

std::optional<Micros> Market::MarginOf(const Attempt& ended) const {
  const Job& job = state_->jobs_.at(ended.job);
  if (job.state != JobState::kWon) return std::nullopt;
  if (ended.state == AttemptState::kWon) return job.margin;
  const bool ended_by_payment = ended.state == AttemptState::kLost && ended.changed_by == job.revision;
  if (!ended_by_payment || Count(ended.committed_at) == 0) return std::nullopt;
  return ended.committed_at - FindAttempt(*job.winning_attempt)->committed_at;
}

std::vector<PlaceHolder> Market::PlaceHolders() const {
  std::vector<PlaceHolder> holders;
  for (const auto& [time, id] : state_->attempt_timers_) {  // whoever holds a place holds it for a time
    const Attempt& attempt = state_->attempts_.at(id);
    if (attempt.state != AttemptState::kAdmitted) continue;
    holders.push_back({id, attempt.miner, attempt.admitted_at});
  }
  return holders;
}

Micros Market::ProofsKeptFrom(Micros now) const { return state_->ProofsKeptFrom(now); }

std::optional<LeafIndex> Market::DeliveredProof(const Job& job) const {
  const std::optional<AttemptId>& by = job.winning_attempt ? job.winning_attempt : job.delivered_attempt;
  if (!by) return std::nullopt;
  return FindAttempt(*by)->proof_leaf;
}

std::vector<AttemptId> Market::PendingVerdicts() const {
  std::vector<std::pair<LeafIndex, AttemptId>> pending;
  for (const auto& [id, attempt] : state_->attempts_) {
    if (attempt.state == AttemptState::kRevealed) pending.emplace_back(attempt.commit_leaf, id);
  }
  std::sort(pending.begin(), pending.end());
  std::vector<AttemptId> ids;
  for (const auto& [leaf, id] : pending) ids.push_back(id);
  return ids;
}

const ledger::Ledger& Market::ledger() const { return state_->ledger_; }

const Withdrawal* Market::FindWithdrawal(WithdrawalId id) const {
  const auto it = state_->withdrawals_.find(id);
  return it == state_->withdrawals_.end() ? nullptr : &it->second;
}
const std::map<WithdrawalId, Withdrawal>& Market::withdrawals() const { return state_->withdrawals_; }
const std::set<WithdrawalId>& Market::WithdrawalsOf(const Identity& owner) const {
  static const std::set<WithdrawalId> kNone;
  const auto it = state_->withdrawals_of_.find(owner);
  return it == state_->withdrawals_of_.end() ? kNone : it->second;
}
const std::set<WithdrawalId>& Market::UnpaidWithdrawals() const { return state_->unpaid_; }
const std::map<SuspensionSubject, Suspension>& Market::suspensions() const { return state_->suspensions_; }

Changes Market::TakeChanges() { return std::exchange(state_->changes_, {}); }

void Market::LoadCircuit(Circuit circuit) {
  state_->PutCircuit(std::move(circuit));
  state_->changes_ = {};
}
void Market::LoadJob(Job job) { state_->PutLoaded(std::move(job)); }
void Market::LoadAttempt(Attempt attempt) {
  state_->ended_.NoteLoaded(attempt);
  state_->PutLoaded(std::move(attempt));
}
void Market::LoadWithdrawal(Withdrawal withdrawal) { state_->PutLoaded(std::move(withdrawal)); }
void Market::LoadSuspension(Suspension suspension) {
  state_->suspensions_[suspension.subject] = std::move(suspension);
}
void Market::LoadCandidacy(const Candidacy& candidacy) { state_->PutLoaded(candidacy); }
void Market::LoadStanding(const Standing& standing) { state_->standings_[standing.miner] = standing; }
ledger::Ledger& Market::LedgerForLoading() { return state_->ledger_; }
Status Market::FinishLoading() {
  state_->ended_.Sort();
  return state_->CheckReferences();
}

}  // namespace prooflode::market
