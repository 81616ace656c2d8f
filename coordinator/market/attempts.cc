// What miners do with their attempts: commit, reveal, release.
#include <algorithm>

#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

namespace {

// Past its own time, but before the job's end: a late proof still counts.
bool MayCommitLate(const Attempt& attempt) {
  return attempt.state == AttemptState::kTimedOut && attempt.reason == Reason::kLeaseExpired;
}

Refusal DoesNotOpen() {
  return Refuse(RefusalCode::kInvalidArgument, "proof, nonce: do not open the commit",
                Reason::kCommitMismatch);
}

}  // namespace

std::optional<Refusal> State::CheckMiner(const Stamped& in, const AttemptId& id, uint64_t fence) const {
  const auto it = attempts_.find(id);
  if (it == attempts_.end()) return Refuse(RefusalCode::kNotFound, "attempt_id: no such attempt");
  if (it->second.miner != in.origin.identity) {
    return Refuse(RefusalCode::kPermissionDenied, "attempt_id: belongs to another miner");
  }
  if (it->second.fence != fence) {
    return Refuse(RefusalCode::kFailedPrecondition,
                  absl::StrCat("fence: ", fence, ", want ", it->second.fence), Reason::kStaleFence);
  }
  return std::nullopt;
}

std::optional<Answer> State::FromEarlierAttempts(const Stamped& in, const Job& job) const {
  const AttemptsOfJob& of_job = OfJob(job.id);
  const auto earlier = of_job.of_miner.find(in.origin.identity);
  if (earlier == of_job.of_miner.end()) return std::nullopt;
  const size_t admissions = earlier->second.size();
  for (const auto& [fence, id] : earlier->second) {
    const Attempt& attempt = attempts_.at(id);
    if (IsLive(attempt.state)) return AttemptAnswer{attempt, job};
    if (attempt.state == AttemptState::kInvalid) {
      return Refuse(RefusalCode::kFailedPrecondition, "job_id: this miner's proof for it was invalid",
                    Reason::kProofInvalid);
    }
    if (attempt.state == AttemptState::kReleased && attempt.reason == Reason::kUnprovable) {
      return Refuse(RefusalCode::kFailedPrecondition, "job_id: this miner reported that nobody can prove it",
                    Reason::kUnprovable);
    }
    // A silent commit holds up everybody behind it; nobody does that twice.
    if (attempt.state == AttemptState::kTimedOut && attempt.reason == Reason::kRevealWindowPassed) {
      return Refuse(RefusalCode::kFailedPrecondition, "job_id: this miner's commit for it was not revealed",
                    Reason::kRevealWindowPassed);
    }
  }
  if (admissions >= rules_.admissions_per_miner_and_job_max) {
    return Refuse(RefusalCode::kFailedPrecondition,
                  absl::StrCat("job_id: this miner was admitted ", admissions, " times, want at most ",
                               rules_.admissions_per_miner_and_job_max),
                  Reason::kAlreadyAdmitted);
  }
  return std::nullopt;
}

Answer State::Apply(const Stamped& in, const CommitProof& command) {
  if (auto refusal = CheckMiner(in, command.attempt, command.fence)) return *std::move(refusal);
  Attempt attempt = attempts_.at(command.attempt);
  const AttemptState next = command.opening ? AttemptState::kRevealed : AttemptState::kCommitted;
  if (attempt.state == next && attempt.commit_hash == command.commit_hash) {
    return CommitAnswer{attempt.commit_leaf, attempt.reveal_by};
  }
  const Job& job = jobs_.at(attempt.job);
  if (job.state != JobState::kOpen || IsPast(in.now, job.deadline_at)) {
    return Refuse(RefusalCode::kFailedPrecondition, "attempt_id: commits for its job are closed",
                  in.now >= job.deadline_at ? Reason::kDeadlinePassed : Reason::kJobClosed);
  }
  if (attempt.state != AttemptState::kAdmitted && !MayCommitLate(attempt)) {
    return Refuse(RefusalCode::kFailedPrecondition, "attempt_id: has committed already or has ended",
                  attempt.reason);
  }
  if (command.opening && command.opening->commit_hash != command.commit_hash) return DoesNotOpen();
  attempt.state = next;
  attempt.reason = Reason::kUnspecified;
  attempt.commit_hash = command.commit_hash;
  attempt.commit_leaf = in.leaf_index;
  attempt.committed_at = in.now;
  attempt.reveal_by = in.now + rules_.reveal_window;
  attempt.changed_by = in.leaf_index;
  if (command.opening) {
    attempt.proof_leaf = in.leaf_index;
    effects_.push_back(NeedsVerdict{attempt.id});
  }
  PutAttempt(attempt);
  NotePlace(attempt.miner, /*lost=*/false);
  Job changed = job;
  ++changed.commit_count;
  ChangeJob(in, std::move(changed));
  return CommitAnswer{attempt.commit_leaf, attempt.reveal_by};
}

Answer State::Apply(const Stamped& in, const RevealProof& command) {
  if (auto refusal = CheckMiner(in, command.attempt, command.fence)) return *std::move(refusal);
  Attempt attempt = attempts_.at(command.attempt);
  if (attempt.state == AttemptState::kRevealed && attempt.commit_hash == command.opening.commit_hash)
    return RevealAnswer{attempt.proof_leaf};
  if (attempt.state != AttemptState::kCommitted) {
    return Refuse(RefusalCode::kFailedPrecondition, "attempt_id: not waiting for a reveal", attempt.reason);
  }
  if (IsPast(in.now, attempt.reveal_by)) {
    return Refuse(RefusalCode::kFailedPrecondition, "attempt_id: its reveal window has passed",
                  Reason::kRevealWindowPassed);
  }
  if (command.opening.commit_hash != attempt.commit_hash) return DoesNotOpen();
  attempt.state = AttemptState::kRevealed;
  attempt.proof_leaf = in.leaf_index;
  attempt.changed_by = in.leaf_index;
  effects_.push_back(NeedsVerdict{attempt.id});
  PutAttempt(std::move(attempt));
  return RevealAnswer{in.leaf_index};
}

Answer State::Apply(const Stamped& in, const ReleaseAttempt& command) {
  if (auto refusal = CheckMiner(in, command.attempt, command.fence)) return *std::move(refusal);
  const Attempt attempt = attempts_.at(command.attempt);
  if (attempt.state != AttemptState::kAdmitted) {
    return Refuse(RefusalCode::kFailedPrecondition, "attempt_id: has committed already or has ended",
                  attempt.reason);
  }
  EndAttempt(in, attempt, AttemptState::kReleased, command.reason);
  EndIfUnprovable(in, attempt.job);
  OfferAgainIfRoom(attempt.job, in.now);
  return AttemptAnswer{attempts_.at(attempt.id), jobs_.at(attempt.job)};
}

}  // namespace prooflode::market
