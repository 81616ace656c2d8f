// How jobs end: verdicts, delivery, payment, refund, and the timers that drive them.
#include <algorithm>

#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

namespace {

// When a loser got as far as it came: to its commit, or to the moment it was told to stop.
Micros Reached(const Attempt& loser, const Job& job) {
  return Count(loser.committed_at) == 0 ? job.delivered_at : loser.committed_at;
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
  EndCandidacies(in, job.id, Reason::kWonByAnother);
  job.state = JobState::kDelivered;
  job.delivered_attempt = attempt.id;
  job.delivered_at = in.now;
  effects_.push_back(JobOver{job.id});
  ChangeJob(in, job);
  for (const auto& [fence, id] : OfJob(job.id).by_fence) {
    const Attempt& other = attempts_.at(id);
    if (!IsLive(other.state) || other.id == attempt.id) continue;
    const bool may_win = other.state != AttemptState::kAdmitted && other.commit_leaf < attempt.commit_leaf;
    if (may_win) continue;
    Attempt loser = other;
    loser.behind_winner = Reached(loser, job) - attempt.committed_at;
    EndAttempt(in, std::move(loser), AttemptState::kLost, Reason::kWonByAnother);
  }
}

// Ends a job once nothing that could still change its end is undecided.
void State::SettleIfDecided(const Stamped& in, const JobId& id) {
  EndIfUnprovable(in, id);
  const Job& job = jobs_.at(id);
  const AttemptsOfJob& of_job = OfJob(id);
  if (job.state == JobState::kClosing && of_job.unjudged == 0) {
    Refund(in, id, JobState::kExpired, Reason::kDeadlinePassed);
    return;
  }
  if (job.state != JobState::kDelivered) return;
  const Attempt* best = nullptr;
  std::optional<LeafIndex> first_unjudged;
  for (const auto& [fence, attempt_id] : of_job.by_fence) {
    const Attempt& attempt = attempts_.at(attempt_id);
    const LeafIndex leaf = attempt.commit_leaf;
    if (attempt.state == AttemptState::kValid && (best == nullptr || leaf < best->commit_leaf))
      best = &attempt;
    if (IsUnjudged(attempt.state)) first_unjudged = std::min(first_unjudged.value_or(leaf), leaf);
  }
  PL_CHECK(best != nullptr);
  if (!first_unjudged || *first_unjudged > best->commit_leaf) PayWinner(in, job, *best);
}

void State::PayWinner(const Stamped& in, Job job, Attempt best) {
  std::optional<Micros> second;
  for (const auto& [fence, id] : OfJob(job.id).by_fence) {
    const Attempt& other = attempts_.at(id);
    if (other.id == best.id) continue;
    // Valid and not the best is behind it. What is not verified by now never will be, and is no second.
    if (other.state == AttemptState::kValid) {
      second = std::min(second.value_or(other.committed_at), other.committed_at);
    }
    if (!IsLive(other.state) && other.state != AttemptState::kLost) continue;
    Attempt loser = other;
    loser.behind_winner = Reached(loser, job) - best.committed_at;
    if (IsLive(loser.state)) {
      EndAttempt(in, std::move(loser), AttemptState::kLost, Reason::kWonByAnother);
    } else if (loser.behind_winner != other.behind_winner) {
      PutAttempt(std::move(loser));  // lost at the delivery, to a proof that did not win in the end
    }
  }
  EndAttempt(in, best, AttemptState::kWon, Reason::kUnspecified);
  job.state = JobState::kWon;
  job.winner = best.miner;
  job.winning_attempt = best.id;
  job.settled_at = in.now;
  if (second) job.margin = *second - best.committed_at;
  const ledger::AccountName escrow = ledger::Escrow(Hex(job.requester));
  PL_CHECK(Transfer(in, ledger::TransferKind::kReward, escrow, ledger::Available(Hex(best.miner)), job.reward,
                    Hex(job.id)));
  PL_CHECK(Transfer(in, ledger::TransferKind::kFee, escrow, ledger::kFees, job.fee, Hex(job.id)));
  PayBounty(in, job, ledger::TransferKind::kBounty, ledger::Available(Hex(best.miner)));
  ChangeJob(in, std::move(job));
}

void State::Refund(const Stamped& in, const JobId& id, JobState state, Reason reason, Amount spent) {
  for (const auto& [fence, attempt_id] : OfJob(id).by_fence) {
    const Attempt& attempt = attempts_.at(attempt_id);
    if (IsLive(attempt.state)) EndAttempt(in, attempt, AttemptState::kJobEnded, reason);
  }
  Job job = jobs_.at(id);
  EndCandidacies(in, job.id, reason);
  job.state = state;
  job.settled_at = in.now;
  const std::string owner = Hex(job.requester);
  const Amount total{Count(job.reward) + Count(job.fee) - Count(spent)};
  PayBounty(in, job, ledger::TransferKind::kPenalty, ledger::Available(owner));
  PL_CHECK(Transfer(in, ledger::TransferKind::kRefund, ledger::Escrow(owner), ledger::Available(owner), total,
                    Hex(job.id)));
  effects_.push_back(JobOver{job.id});
  ChangeJob(in, std::move(job));
}

void State::OfferAgainIfRoom(const JobId& id, Micros now) {
  const Job& job = jobs_.at(id);
  if (job.state != JobState::kOpen || IsPast(now, job.deadline_at)) return;
  if (HasRoom(job)) effects_.push_back(JobOpened{id});
}

Answer State::Apply(const Stamped& in, const Tick&) {
  // Attempts before jobs: a reveal window that passed at the same moment must not hold a job up.
  while (!attempt_timers_.empty() && IsPast(in.now, attempt_timers_.begin()->first)) {
    const Attempt attempt = attempts_.at(attempt_timers_.begin()->second);
    if (attempt.state == AttemptState::kAdmitted && !IsPast(in.now, attempt.expires_at)) {
      BecomeLate(in, attempt);
      continue;
    }
    const Reason reason =
        attempt.state == AttemptState::kCommitted ? Reason::kRevealWindowPassed : Reason::kLeaseExpired;
    EndAttempt(in, attempt, AttemptState::kTimedOut, reason);
    OfferAgainIfRoom(attempt.job, in.now);
    SettleIfDecided(in, attempt.job);
  }
  while (!job_timers_.empty() && IsPast(in.now, job_timers_.begin()->first)) {
    const JobId due = job_timers_.begin()->second;
    for (const auto& [fence, id] : OfJob(due).by_fence) {
      const Attempt& attempt = attempts_.at(id);
      if (attempt.state == AttemptState::kAdmitted) {
        EndAttempt(in, attempt, AttemptState::kJobEnded, Reason::kDeadlinePassed);
      }
    }
    Job job = jobs_.at(due);
    EndCandidacies(in, job.id, Reason::kDeadlinePassed);
    job.state = JobState::kClosing;
    effects_.push_back(JobOver{job.id});
    ChangeJob(in, job);
    SettleIfDecided(in, job.id);
  }
  // Draws need no grace after a restart, for nobody loses by one that is held in time; but nobody gets a
  // place that is too late to be of use, as the grace of the job's end would allow.
  while (!draw_timers_.empty() && in.now >= draw_timers_.begin()->first) {
    Job job = jobs_.at(draw_timers_.begin()->second);
    if (in.now < job.deadline_at) {
      Draw(in, job.id);
      continue;
    }
    job.draw_at = {};  // its candidacies end with it
    ChangeJob(in, std::move(job));
  }
  return Done{};
}

void State::BecomeLate(const Stamped& in, Attempt attempt) {
  attempt.late = true;
  attempt.changed_by = in.leaf_index;
  const JobId job = attempt.job;
  PutAttempt(std::move(attempt));
  OfferAgainIfRoom(job, in.now);
}

Answer State::Apply(const Stamped& in, const Restart& command) {
  changed_ = true;
  no_expiry_before_ = std::max(no_expiry_before_, command.no_expiry_before);
  proofs_kept_from_ = std::max(proofs_kept_from_, command.proofs_kept_from);
  last_restart_ = in.leaf_index;
  rules_ = command.rules;
  return Done{};
}

}  // namespace prooflode::market
