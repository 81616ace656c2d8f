// How attempts and jobs may move and end, and the money that moves with them.
#include <algorithm>

#include "tests/sim/model.h"

namespace prooflode::sim {

void Model::FoldAttempt(const LeafView& leaf, const AttemptRecord& record) {
  const auto it = attempts_.find(record.id);
  if (it == attempts_.end())
    return Wrong(leaf, "attempt", "its record names an attempt that was not admitted");
  AttemptModel& attempt = it->second;
  if (record.job != attempt.job || record.miner != attempt.miner || record.fence != attempt.fence) {
    Wrong(leaf, "attempt", "its record says another job, miner or fence");
  }
  const bool named = leaf.Bytes<Id>(50) == record.id;
  const uint8_t before = attempt.phase;
  bool fine = false;
  switch (record.phase) {
    case kAdmitted:
      fine = leaf.kind == kAdmission && leaf.attempts.size() == 1;
      if (leaf.kind == kTick) {  // the holder of a hedged lease is late
        fine = before == kAdmitted && attempt.late_at != 0 && !attempt.late &&
               IsPast(leaf.time, attempt.late_at);
        attempt.late = true;
      }
      break;
    case kCommitted:
      fine = leaf.kind == kCommit && !leaf.Has(54) && named && record.reveal_by == attempt.reveal_by;
      break;
    case kRevealed:
      fine = named && ((leaf.kind == kReveal && before == kCommitted) ||
                       (leaf.kind == kCommit && leaf.Has(54) && record.reveal_by == attempt.reveal_by));
      break;
    case kValid:
    case kInvalid:
      fine = leaf.kind == kVerdict && named && before == record.phase;
      break;
    case kReleased:
      fine = leaf.kind == kRelease && named && before == kAdmitted;
      break;
    case kLost:
      fine = before == kLost || MayEnd(leaf, attempt, record);
      break;
    default:
      fine = MayEnd(leaf, attempt, record);
  }
  if (!fine) {
    Wrong(leaf, "attempt",
          "a command of kind " + std::to_string(leaf.kind) + " took it from " + std::to_string(before) +
              " to " + std::to_string(record.phase));
  }
  if (!IsLivePhase(record.phase)) CloseStake(leaf, attempt, record);
  if (record.phase == kTimedOut || record.phase == kInvalid) NotePlace(attempt.miner, /*lost=*/true);
  attempt.phase = record.phase;
  attempt.reason = record.reason;
  if (!IsLivePhase(record.phase)) live_of_[attempt.miner].erase(record.id);
}

// Timed out, lost, won, or ended with its job. The job has moved already.
bool Model::MayEnd(const LeafView& leaf, const AttemptModel& attempt, const AttemptRecord& record) const {
  const JobModel& job = jobs_.at(attempt.job);
  const auto later_than = [&](const Id& id) {
    const AttemptModel* other = FindAttempt(id);
    return other != nullptr && (!attempt.has_committed || attempt.commit_leaf > other->commit_leaf);
  };
  switch (record.phase) {
    case kTimedOut:
      if (leaf.kind == kHolderSilent) {
        return attempt.phase == kAdmitted && leaf.Bytes<Id>(50) == record.id &&
               record.reason == kReasonPlaceOver;
      }
      if (leaf.kind != kTick) return false;
      if (record.reason == kReasonRevealWindow) {
        return attempt.phase == kCommitted && IsPast(leaf.time, attempt.reveal_by);
      }
      return record.reason == kReasonPlaceOver && attempt.phase == kAdmitted && attempt.place_until != 0 &&
             IsPast(leaf.time, attempt.place_until);
    case kAttemptWon:
      return attempt.phase == kValid && job.phase == kWon && job.winning == record.id;
    case kLost:
      if (!IsLivePhase(attempt.phase)) return false;
      if (job.phase == kDelivered) return later_than(job.delivered);
      return job.phase == kWon && later_than(job.winning);
    case kJobEnded:
      if (job.phase == kSuspended) return IsLivePhase(attempt.phase) && record.reason == kReasonSuspended;
      if (job.phase == kClosing) return attempt.phase == kAdmitted;
      return IsFinalPhase(job.phase) && job.phase != kWon && attempt.phase == kAdmitted;
    default:
      return false;
  }
}

void Model::FoldJob(const LeafView& leaf, const JobRecord& record) {
  const auto it = jobs_.find(record.id);
  if (it == jobs_.end()) return Wrong(leaf, "job", "its record names a job that was not posted");
  JobModel& job = it->second;
  if (record.deadline != job.deadline) Wrong(leaf, "job", "its deadline has moved");
  if (record.phase != job.phase) CheckJobMove(leaf, job, record);
  if (!IsFinalPhase(job.phase) && IsFinalPhase(record.phase)) {
    unfinished_[job.statement].erase(record.id);
    --unfinished_of_[job.requester];
    over_.push_back(record.id);
    job.ended_at = leaf.time;
    if (record.phase == kWon) {
      CheckWinner(job, record);
      if (const AttemptModel* winner = FindAttempt(record.winning))
        proven_by_.insert({winner->miner, job.circuit});
      proven_[job.statement] = leaf.time;
    }
  }
  job.phase = record.phase;
  job.delivered = record.delivered;
  job.winning = record.winning;
}

void Model::CheckJobMove(const LeafView& leaf, const JobModel& job, const JobRecord& record) {
  const uint8_t before = job.phase;
  const auto no_valid_or_undecided = [&] {
    return std::none_of(job.attempts.begin(), job.attempts.end(), [&](const Id& id) {
      const uint8_t phase = attempts_.at(id).phase;
      return IsUndecided(phase) || phase == kValid;
    });
  };
  const bool over = IsPast(leaf.time, job.deadline);
  bool fine = false;
  switch (record.phase) {
    case kCancelled:
      fine = leaf.kind == kCancel && before == kOpen && leaf.Bytes<Id>(30) == record.id &&
             leaf.Bytes<Key>(1) == job.requester && no_valid_or_undecided();
      break;
    case kClosing:
      fine = leaf.kind == kTick && before == kOpen && over;
      break;
    case kExpired:
      fine =
          (before == kClosing || (before == kOpen && leaf.kind == kTick)) && over && no_valid_or_undecided();
      break;
    case kSuspended:
      fine = leaf.kind == kSuspension && (before == kOpen || before == kClosing);
      break;
    case kUnprovable:
      fine = before == kOpen && IsUnprovable(job);
      break;
    case kDelivered:
    case kWon: {
      const AttemptModel* delivered = FindAttempt(record.delivered);
      fine = delivered != nullptr && jobs_.contains(delivered->job) && &jobs_.at(delivered->job) == &job &&
             delivered->judged && delivered->phase == kValid &&
             (before == kDelivered ? record.phase == kWon && record.delivered == job.delivered
                                   : (before == kOpen || before == kClosing) && leaf.kind == kVerdict &&
                                         leaf.Bytes<Id>(50) == record.delivered);
      break;
    }
    default:
      break;
  }
  if (!fine) {
    Wrong(leaf, "job",
          "a command of kind " + std::to_string(leaf.kind) + " took it from " + std::to_string(before) +
              " to " + std::to_string(record.phase));
  }
}

// The earliest commit with a valid proof, and nothing before it that could still be one.
void Model::CheckWinner(const JobModel& job, const JobRecord& record) {
  const AttemptModel* winner = FindAttempt(record.winning);
  const std::string name = "job " + HexEncode(record.id);
  if (winner == nullptr || winner->phase != kValid || !winner->judged) {
    return findings_.Add("unverified-pay", name + ": won by an attempt without a valid verdict");
  }
  for (const Id& id : job.attempts) {
    const AttemptModel& other = attempts_.at(id);
    if (!other.has_committed || other.commit_leaf >= winner->commit_leaf) continue;
    if (other.phase == kValid)
      findings_.Add("earliest-valid", name + ": an earlier valid commit was not paid");
    if (IsUndecided(other.phase))
      findings_.Add("earlier-undecided", name + ": an earlier commit was undecided");
  }
}

// Exactly the expected transfers, each from an account that has as much.
void Model::FoldMoney(const LeafView& leaf) {
  const auto text = [](const MoneyRecord& m) {
    return std::to_string(m.kind) + " " + std::to_string(m.amount) + " " + m.debit + " " + m.credit + " " +
           m.job;
  };
  std::vector<std::string> wanted, came;
  for (const MoneyRecord& money : expected_) wanted.push_back(text(money));
  for (const MoneyRecord& money : leaf.money) {
    came.push_back(text(money));
    if (money.id != ++transfers_)
      Wrong(leaf, "money", "transfer " + std::to_string(money.id) + " is not the next");
    const bool covered = money.debit == "external" || Balance(money.debit) >= money.amount;
    if (!covered)
      Wrong(leaf, "overdraw", money.debit + " pays " + std::to_string(money.amount) + ", has less");
    Move(money);
  }
  std::sort(wanted.begin(), wanted.end());
  std::sort(came.begin(), came.end());
  if (wanted == came) return;
  std::string said = "want";
  for (const std::string& line : wanted) said += " [" + line + "]";
  said += ", came";
  for (const std::string& line : came) said += " [" + line + "]";
  Wrong(leaf, "money", said);
}

void Model::Move(const MoneyRecord& money) {
  const auto add = [&](const std::string& account, uint64_t amount) {
    if (account == "external") {
      external_ -= amount;
      return;
    }
    uint64_t& held = balances_[account];
    held += amount;
    if (held == 0) balances_.erase(account);
  };
  if (money.debit == "external") {
    external_ += money.amount;
  } else {
    uint64_t& held = balances_[money.debit];
    held -= money.amount;
    if (held == 0) balances_.erase(money.debit);
  }
  add(money.credit, money.amount);
}

// What had to follow from this leaf at once.
void Model::CheckDue(const LeafView& leaf) {
  std::set<Id> touched;
  for (const JobRecord& record : leaf.jobs) touched.insert(record.id);
  for (const AttemptRecord& record : leaf.attempts) touched.insert(record.job);
  for (const Id& id : touched) {
    const JobModel* job = FindJob(id);
    if (job == nullptr) continue;
    const AttemptModel* best = nullptr;
    for (const Id& attempt : job->attempts) {
      const AttemptModel& a = attempts_.at(attempt);
      if (a.phase == kValid && (best == nullptr || a.commit_leaf < best->commit_leaf)) best = &a;
      if (IsFinalPhase(job->phase) && IsLivePhase(a.phase))
        Wrong(leaf, "ends", "a live attempt at a job that is over");
    }
    const std::string name = "job " + HexEncode(id);
    if (best != nullptr && (job->phase == kOpen || job->phase == kClosing)) {
      Wrong(leaf, "delivery", name + ": not delivered although a proof is valid");
    }
    if (job->phase == kClosing && !HasUndecided(*job))
      Wrong(leaf, "refund", name + ": decided and not refunded");
    // A restart with other rules judges no job anew.
    const bool may_be_last = leaf.kind == kRelease || leaf.kind == kVerdict;
    if (may_be_last && job->phase == kOpen && IsUnprovable(*job)) {
      Wrong(leaf, "unprovable", name + ": reported often enough and still open");
    }
    if (job->phase != kDelivered || best == nullptr) continue;
    const bool waits = std::any_of(job->attempts.begin(), job->attempts.end(), [&](const Id& attempt) {
      const AttemptModel& a = attempts_.at(attempt);
      return IsUndecided(a.phase) && a.commit_leaf < best->commit_leaf;
    });
    if (!waits) Wrong(leaf, "payment", name + ": decided and not paid");
  }
}

bool Model::IsProven(const Digest& statement, int64_t time) const {
  const auto proven = proven_.find(statement);
  if (proven == proven_.end() || proven->second < proofs_kept_from_) return false;
  return rules_.proof_retention == 0 || proven->second >= time - rules_.proof_retention;
}

bool Model::MayProofBeGone(uint64_t leaf) const {
  const auto attempt = attempt_of_proof_.find(leaf);
  if (attempt == attempt_of_proof_.end()) return false;
  const JobModel& job = jobs_.at(attempts_.at(attempt->second).job);
  return IsFinalPhase(job.phase) && job.ended_at < proofs_kept_from_;
}

}  // namespace prooflode::sim
