#include "coordinator/market/state.h"

#include <algorithm>

#include "base/check.h"

namespace prooflode::market {

std::string Hex(const Identity& key) { return HexEncode(key); }
std::string Hex(const JobId& id) { return HexEncode(id.bytes); }
std::string Hex(const AttemptId& id) { return HexEncode(id.bytes); }

Amount PartOf(Amount amount, uint32_t per_million) {
  const auto part = static_cast<unsigned __int128>(Count(amount)) * per_million / 1'000'000;
  return Amount{static_cast<uint64_t>(part)};
}

Refusal Refuse(RefusalCode code, std::string message, Reason reason) {
  return {.code = code, .reason = reason, .message = std::move(message)};
}

namespace {

uint64_t EscrowOf(const Job& job) { return Count(job.reward) + Count(job.fee) + Count(job.bounty); }

// The one time at which an attempt needs a Tick, if any.
std::optional<Micros> TimerOf(const Attempt& attempt) {
  if (attempt.state == AttemptState::kAdmitted && Count(attempt.expires_at) != 0) {
    const bool may_be_late = Count(attempt.late_at) != 0 && !attempt.late;
    return may_be_late ? std::min(attempt.late_at, attempt.expires_at) : attempt.expires_at;
  }
  if (attempt.state == AttemptState::kCommitted) return attempt.reveal_by;
  return std::nullopt;
}

}  // namespace

void State::Index(const Job& job, bool add) {
  if (job.state == JobState::kWon) {
    if (add) {
      ProvenBy& last = proven_[job.statement];
      last = std::max(last, ProvenBy(job.settled_at, job.id));
    }
    if (add && job.winner) proven_by_.emplace(*job.winner, job.circuit);
    return;
  }
  if (IsFinal(job.state)) return;
  const std::pair timer(job.deadline_at, job.id);
  if (job.state == JobState::kOpen && Count(job.draw_at) != 0) {
    if (add) {
      draw_timers_.insert({job.draw_at, job.id});
    } else {
      draw_timers_.erase({job.draw_at, job.id});
    }
  }
  if (add) {
    ++unfinished_of_requester_[job.requester];
    unfinished_of_statement_[job.statement].insert(job.id);
    escrow_due_ += EscrowOf(job);
    if (job.state == JobState::kOpen) job_timers_.insert(timer);
  } else {
    if (--unfinished_of_requester_[job.requester] == 0) unfinished_of_requester_.erase(job.requester);
    std::set<JobId>& same = unfinished_of_statement_[job.statement];
    same.erase(job.id);
    if (same.empty()) unfinished_of_statement_.erase(job.statement);
    escrow_due_ -= EscrowOf(job);
    job_timers_.erase(timer);
  }
}

void State::Index(const Attempt& attempt, bool add) {
  AttemptsOfJob& of_job = attempts_of_job_[attempt.job];
  const uint32_t step = add ? 1 : UINT32_MAX;  // plus or minus one
  if (IsLive(attempt.state)) {
    of_job.live += step;
    stake_due_ += (add ? 1 : UINT64_MAX) * Count(attempt.collateral);
  }
  if (IsUnjudged(attempt.state)) of_job.unjudged += step;
  if (attempt.state == AttemptState::kAdmitted && attempt.late) of_job.late += step;
  const std::optional<Micros> timer = TimerOf(attempt);
  if (add) {
    if (IsLive(attempt.state)) live_of_miner_[attempt.miner].insert(attempt.id);
    if (timer) attempt_timers_.insert({*timer, attempt.id});
    return;
  }
  if (const auto it = live_of_miner_.find(attempt.miner); it != live_of_miner_.end()) {
    it->second.erase(attempt.id);
    if (it->second.empty()) live_of_miner_.erase(it);
  }
  if (timer) attempt_timers_.erase({*timer, attempt.id});
}

void State::PutLoaded(Job job) {
  if (const auto it = jobs_.find(job.id); it != jobs_.end()) Index(it->second, false);
  Index(job, true);
  jobs_[job.id] = std::move(job);
}

void State::PutLoaded(Attempt attempt) {
  if (const auto it = attempts_.find(attempt.id); it != attempts_.end()) {
    Index(it->second, false);
  } else {
    AttemptsOfJob& of_job = attempts_of_job_[attempt.job];
    of_job.by_fence.emplace(attempt.fence, attempt.id);
    of_job.of_miner[attempt.miner].emplace(attempt.fence, attempt.id);
  }
  Index(attempt, true);
  attempts_[attempt.id] = std::move(attempt);
}

void State::PutLoaded(const Candidacy& candidacy) {
  const bool added = candidacies_.insert_or_assign({candidacy.job, candidacy.miner}, candidacy).second;
  if (added) ++attempts_of_job_[candidacy.job].candidates;
  candidate_at_[candidacy.miner].insert(candidacy.job);
}

void State::PutCandidacy(const Candidacy& candidacy) {
  changed_ = true;
  changes_.candidacies.insert({candidacy.job, candidacy.miner});
  PutLoaded(candidacy);
}

void State::EraseCandidacy(const Candidacy& candidacy) {
  const std::pair key(candidacy.job, candidacy.miner);
  changed_ = true;
  changes_.candidacies.insert(key);
  const auto at = candidate_at_.find(key.second);
  at->second.erase(key.first);
  if (at->second.empty()) candidate_at_.erase(at);
  --attempts_of_job_[key.first].candidates;
  candidacies_.erase(key);
}

Standing State::StandingOf(const Identity& miner) const {
  const auto it = standings_.find(miner);
  return it == standings_.end() ? Standing{.miner = miner} : it->second;
}

void State::PutStanding(const Standing& standing) {
  const auto [it, added] = standings_.try_emplace(standing.miner, Standing{.miner = standing.miner});
  if (it->second == standing) {
    if (added) standings_.erase(it);
    return;
  }
  changed_ = true;
  changes_.standings.insert(standing.miner);
  it->second = standing;
}

void State::PutJob(Job job) {
  changed_ = true;
  changes_.jobs.insert(job.id);
  PutLoaded(std::move(job));
}

void State::PutAttempt(Attempt attempt) {
  changed_ = true;
  changes_.attempts.insert(attempt.id);
  ended_.Note(attempt);
  PutLoaded(std::move(attempt));
}

void State::PutCircuit(Circuit circuit) {
  changed_ = true;
  changes_.circuits.insert(circuit.id);
  circuit_names_[circuit.name] = circuit.id;
  circuits_[circuit.id] = std::move(circuit);
}

void State::CheckMoney() const {
  PL_CHECK(ledger_.IsConserved());
  PL_CHECK(Count(ledger_.EscrowTotal()) == escrow_due_);
  PL_CHECK(Count(ledger_.StakeTotal()) == stake_due_);
  PL_CHECK(Count(ledger_.WithdrawingTotal()) == withdrawals_due_);
}

Status State::CheckReferences() const {
  for (const auto& [id, job] : jobs_) {
    if (!circuits_.contains(job.circuit)) {
      return absl::DataLossError(absl::StrCat("job ", Hex(id), ": unknown circuit ", HexEncode(job.circuit)));
    }
    if (job.winning_attempt && !attempts_.contains(*job.winning_attempt)) {
      return absl::DataLossError(absl::StrCat("job ", Hex(id), ": unknown winning attempt"));
    }
  }
  for (const auto& [id, attempt] : attempts_) {
    if (!jobs_.contains(attempt.job))
      return absl::DataLossError(absl::StrCat("attempt ", Hex(id), ": unknown job"));
  }
  for (const auto& [key, candidacy] : candidacies_) {
    const auto job = jobs_.find(key.first);
    // Without a draw to come where the deadline has passed in a grace: it ends with the job.
    if (job == jobs_.end() || job->second.state != JobState::kOpen) {
      return absl::DataLossError(absl::StrCat("candidacy at job ", Hex(key.first), ": it is not open"));
    }
  }
  if (!ledger_.IsConserved()) return absl::DataLossError("accounts: balances do not add up to what came in");
  if (Count(ledger_.EscrowTotal()) != escrow_due_) {
    return absl::DataLossError(absl::StrCat("accounts: escrow holds ", Count(ledger_.EscrowTotal()),
                                            ", unfinished jobs want ", escrow_due_));
  }
  if (Count(ledger_.StakeTotal()) != stake_due_) {
    return absl::DataLossError(absl::StrCat("accounts: stakes hold ", Count(ledger_.StakeTotal()),
                                            ", live attempts want ", stake_due_));
  }
  if (Count(ledger_.WithdrawingTotal()) != withdrawals_due_) {
    return absl::DataLossError(absl::StrCat("accounts: ", Count(ledger_.WithdrawingTotal()),
                                            " wait to be withdrawn, withdrawals want ", withdrawals_due_));
  }
  return absl::OkStatus();
}

Micros State::ProofsKeptFrom(Micros now) const {
  if (rules_.proof_retention == Micros{}) return proofs_kept_from_;
  return std::max(proofs_kept_from_, now - rules_.proof_retention);
}

const Job* State::FindJob(const JobId& id) const {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}

const State::AttemptsOfJob& State::OfJob(const JobId& id) const {
  static const AttemptsOfJob kNobody;
  const auto it = attempts_of_job_.find(id);
  return it == attempts_of_job_.end() ? kNobody : it->second;
}

void State::ChangeJob(const Stamped& in, Job job) {
  job.revision = in.leaf_index;
  effects_.push_back(JobChanged{job.id});
  PutJob(std::move(job));
}

void State::EndAttempt(const Stamped& in, Attempt attempt, AttemptState state, Reason reason) {
  CloseStake(in, attempt, PenaltyFor(in, attempt, state, reason));
  attempt.state = state;
  attempt.reason = reason;
  attempt.changed_by = in.leaf_index;
  if (state == AttemptState::kTimedOut || state == AttemptState::kInvalid) {
    NotePlace(attempt.miner, /*lost=*/true);
  }
  effects_.push_back(AttemptEnded{attempt.id});
  PutAttempt(std::move(attempt));
}

bool State::Transfer(const Stamped& in, ledger::TransferKind kind, const ledger::AccountName& debit,
                     const ledger::AccountName& credit, Amount amount, const std::string& job) {
  if (Count(amount) == 0) return true;
  const StatusOr<ledger::Transfer> posted = ledger_.Post(
      {.kind = kind, .time = in.now, .amount = amount, .debit = debit, .credit = credit, .job = job});
  if (!posted.ok()) return false;
  NoteTransfer(*posted);
  return true;
}

void State::NoteTransfer(const ledger::Transfer& transfer) {
  changed_ = true;
  changes_.accounts.insert(transfer.debit);
  changes_.accounts.insert(transfer.credit);
  changes_.transfers.push_back(transfer);
}

}  // namespace prooflode::market
