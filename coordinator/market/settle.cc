// How jobs end: verdicts, delivery, payment, refund, and the timers that drive them.
#include <algorithm>

#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

namespace {

bool IsUndecidedCommit(const Attempt& attempt) {
  return attempt.state == AttemptState::kCommitted || attempt.state == AttemptState::kRevealed;
}

}  // namespace

Answer State::Apply(const Stamped& in, const RecordVerdict& command) {
  const auto it = attempts_.find(command.attempt);
  if (it == attempts_.end()) return Refuse(RefusalCode::kNotFound, "attempt_id: no such attempt");
  const Attempt attempt = it->second;
  // One verdict an attempt; a proof whose race was decided meanwhile needs none.
  if (attempt.state != AttemptState::kRevealed) {
    return Refuse(RefusalCode::kFailedPrecondition, "attempt_id: not waiting for a verdict", attempt.reason);
  }
  if (!command.valid) {
    EndAttempt(in, attempt, AttemptState::kInvalid, Reason::kProofInvalid);
    OfferAgainIfRoom(attempt.job, in.now);
  } else {
    Attempt valid = attempt;
    valid.state = AttemptState::kValid;
    valid.changed_by = in.leaf_index;
    PutAttempt(valid);
    const Job job = jobs_.at(attempt.job);
    if (job.state == JobState::kOpen || job.state == JobState::kClosing) Deliver(in, job, valid);
  }
  SettleIfDecided(in, attempt.job);
  return Done{};
}

// The first valid verdict: the requester gets the proof, commits close, and whoever can no longer win is told
// to stop.
void State::Deliver(const Stamped& in, Job job, const Attempt& attempt) {
  job.state = JobState::kDelivered;
  job.delivered_attempt = attempt.id;
  job.delivered_at = in.now;
  job.proof = attempt.proof;
  effects_.push_back(JobOver{job.id});
  ChangeJob(in, job);
  for (Attempt& other : AttemptsOfJob(job.id)) {
    if (!IsLive(other.state) || other.id == attempt.id) continue;
    const bool may_win = other.state != AttemptState::kAdmitted && other.commit_leaf < attempt.commit_leaf;
    if (may_win) continue;
    const Micros reached = other.state == AttemptState::kAdmitted ? in.now : other.committed_at;
    other.behind_winner = reached - attempt.committed_at;
    EndAttempt(in, other, AttemptState::kLost, Reason::kWonByAnother);
  }
}

// Ends a job once nothing that could still change its end is undecided.
void State::SettleIfDecided(const Stamped& in, const JobId& id) {
  const Job job = jobs_.at(id);
  const std::vector<Attempt> attempts = AttemptsOfJob(id);
  if (job.state == JobState::kClosing) {
    if (std::none_of(attempts.begin(), attempts.end(), IsUndecidedCommit)) {
      Refund(in, job, JobState::kExpired, Reason::kDeadlinePassed);
    }
    return;
  }
  if (job.state != JobState::kDelivered) return;
  const Attempt* best = nullptr;
  for (const Attempt& attempt : attempts) {
    if (attempt.state != AttemptState::kValid) continue;
    if (best == nullptr || attempt.commit_leaf < best->commit_leaf) best = &attempt;
  }
  PL_CHECK(best != nullptr);
  const bool earlier_undecided = std::any_of(attempts.begin(), attempts.end(), [&](const Attempt& attempt) {
    return IsUndecidedCommit(attempt) && attempt.commit_leaf < best->commit_leaf;
  });
  if (!earlier_undecided) PayWinner(in, job, *best);
}

void State::PayWinner(const Stamped& in, Job job, const Attempt& best) {
  Micros second{};
  for (Attempt& other : AttemptsOfJob(job.id)) {
    if (other.id == best.id) continue;
    const bool committed = Count(other.committed_at) != 0 && other.state != AttemptState::kInvalid;
    if (committed && (Count(second) == 0 || other.committed_at < second)) second = other.committed_at;
    if (!IsLive(other.state)) continue;
    other.behind_winner = other.committed_at - best.committed_at;
    EndAttempt(in, other, AttemptState::kLost, Reason::kWonByAnother);
  }
  EndAttempt(in, best, AttemptState::kWon, Reason::kNone);
  job.state = JobState::kWon;
  job.winner = best.miner;
  job.winning_attempt = best.id;
  job.proof = best.proof;
  job.settled_at = in.now;
  job.margin = Count(second) == 0 ? Micros{} : second - best.committed_at;
  const ledger::AccountName escrow = ledger::Escrow(Hex(job.requester));
  PL_CHECK(Transfer(in, ledger::TransferKind::kReward, escrow, ledger::Available(Hex(best.miner)), job.reward,
                    Hex(job.id)));
  PL_CHECK(Transfer(in, ledger::TransferKind::kFee, escrow, ledger::kFees, job.fee, Hex(job.id)));
  ChangeJob(in, std::move(job));
}

void State::Refund(const Stamped& in, Job job, JobState state, Reason reason) {
  for (const Attempt& attempt : AttemptsOfJob(job.id)) {
    if (IsLive(attempt.state)) EndAttempt(in, attempt, AttemptState::kJobEnded, reason);
  }
  job.state = state;
  job.settled_at = in.now;
  const std::string owner = Hex(job.requester);
  const Amount total{Count(job.reward) + Count(job.fee)};
  PL_CHECK(Transfer(in, ledger::TransferKind::kRefund, ledger::Escrow(owner), ledger::Available(owner), total,
                    Hex(job.id)));
  effects_.push_back(JobOver{job.id});
  ChangeJob(in, std::move(job));
}

void State::OfferAgainIfRoom(const JobId& id, Micros now) {
  const Job& job = jobs_.at(id);
  if (job.state != JobState::kOpen || IsPast(now, job.deadline_at)) return;
  const uint32_t width = Width(job.policy);
  if (width == 0 || LiveCount(id) < width) effects_.push_back(JobOpened{id});
}

Answer State::Apply(const Stamped& in, const Tick&) {
  // Attempts before jobs: a reveal window that passed at the same moment must not hold a job up.
  while (!attempt_timers_.empty() && IsPast(in.now, attempt_timers_.begin()->first)) {
    const Attempt attempt = attempts_.at(attempt_timers_.begin()->second);
    const Reason reason =
        attempt.state == AttemptState::kCommitted ? Reason::kRevealWindowPassed : Reason::kLeaseExpired;
    EndAttempt(in, attempt, AttemptState::kTimedOut, reason);
    OfferAgainIfRoom(attempt.job, in.now);
    SettleIfDecided(in, attempt.job);
  }
  while (!job_timers_.empty() && IsPast(in.now, job_timers_.begin()->first)) {
    Job job = jobs_.at(job_timers_.begin()->second);
    for (const Attempt& attempt : AttemptsOfJob(job.id)) {
      if (attempt.state == AttemptState::kAdmitted) {
        EndAttempt(in, attempt, AttemptState::kJobEnded, Reason::kDeadlinePassed);
      }
    }
    job.state = JobState::kClosing;
    effects_.push_back(JobOver{job.id});
    ChangeJob(in, job);
    SettleIfDecided(in, job.id);
  }
  return Done{};
}

Answer State::Apply(const Stamped&, const Restart& command) {
  changed_ = true;
  no_expiry_before_ = std::max(no_expiry_before_, command.no_expiry_before);
  return Done{};
}

}  // namespace prooflode::market
