// Collateral and what it is lost for, jobs that nobody can prove, and what is paid when a job ends
// (docs/protocol.md, "Collateral" and "States").
#include <algorithm>

#include "tests/sim/model.h"

namespace prooflode::sim {

uint64_t Model::ReleaseFee(int64_t now, const AttemptModel& attempt) const {
  const int64_t free_until = attempt.admitted_at + rules_.release_grace;
  int64_t end = jobs_.at(attempt.job).deadline;
  if (attempt.place_until != 0) end = std::min(end, attempt.place_until);
  const uint64_t whole = PartOf(attempt.stake, rules_.release_fee_per_million);
  if (now < free_until) return 0;
  if (now >= end) return whole;
  const auto grown = static_cast<unsigned __int128>(whole) * static_cast<uint64_t>(now - free_until);
  return static_cast<uint64_t>(grown / static_cast<uint64_t>(end - free_until));
}

// Of an attempt that ends as its record says, and was as `attempt` says.
uint64_t Model::PenaltyFor(const LeafView& leaf, const AttemptModel& attempt,
                           const AttemptRecord& record) const {
  const bool restarted_since_admission = attempt.fence < last_start_;
  const bool unrevealed = record.phase == kTimedOut && record.reason == kReasonRevealWindow;
  if (record.phase == kInvalid) return attempt.stake;
  if (unrevealed) return attempt.commit_leaf > last_start_ ? attempt.stake : 0;
  if (restarted_since_admission) return 0;
  if (leaf.kind == kHolderSilent) return ReleaseFee(leaf.time, attempt);
  if (record.phase == kTimedOut) return attempt.stake;
  if (record.phase == kReleased) {
    return record.reason == kReasonUnprovable ? 0 : ReleaseFee(leaf.time, attempt);
  }
  const bool missed = record.phase == kJobEnded && record.reason == kReasonDeadline &&
                      !HasUndecided(jobs_.at(attempt.job)) &&
                      leaf.time >= attempt.admitted_at + rules_.release_grace;
  return missed ? attempt.stake : 0;
}

void Model::CloseStake(const LeafView& leaf, AttemptModel& attempt, const AttemptRecord& record) {
  if (attempt.stake == 0) return;
  JobModel& job = jobs_.at(attempt.job);
  const uint64_t penalty = PenaltyFor(leaf, attempt, record);
  const uint64_t bounty = penalty / 2;
  const std::string stake = StakeOf(attempt.miner);
  const std::string hex = HexEncode(attempt.job);
  Expect({0, kMoneyPenalty, penalty - bounty, stake, AvailableOf(job.requester), hex});
  Expect({0, kMoneyBounty, bounty, stake, EscrowOf(job.requester), hex});
  Expect({0, kMoneyCollateralReturn, attempt.stake - penalty, stake, AvailableOf(attempt.miner), hex});
  job.bounty += bounty;
  attempt.stake = 0;
}

// Enough different miners have said so, nobody's proof is on its way, and the coordinator could not try the
// witness itself.
bool Model::IsUnprovable(const JobModel& job) const {
  const auto circuit = circuits_.find(job.circuit);
  return circuit != circuits_.end() && !circuit->second && !HasUndecided(job) &&
         ReportsOf(job) >= rules_.unprovable_reports;
}

// What leaves the escrow of a job that is over.
void Model::PayOut(const Id& id) {
  const JobModel& job = jobs_.at(id);
  const std::string escrow = EscrowOf(job.requester);
  const std::string owner = AvailableOf(job.requester);
  const std::string hex = HexEncode(id);
  if (job.phase == kWon) {
    if (const AttemptModel* winner = FindAttempt(job.winning)) {
      Expect({0, kMoneyReward, job.reward, escrow, AvailableOf(winner->miner), hex});
      Expect({0, kMoneyBounty, job.bounty, escrow, AvailableOf(winner->miner), hex});
    }
    return Expect({0, kMoneyFee, job.fee, escrow, "fees", hex});
  }
  uint64_t spent = 0;
  if (job.phase == kUnprovable) {
    const uint32_t reports = ReportsOf(job);
    const uint64_t share = reports == 0 ? 0 : PartOf(job.reward, rules_.check_fee_per_million) / reports;
    for (const Id& attempt_id : job.attempts) {
      const AttemptModel& attempt = attempts_.at(attempt_id);
      if (attempt.phase != kReleased || attempt.reason != kReasonUnprovable) continue;
      Expect({0, kMoneyCheckFee, share, escrow, AvailableOf(attempt.miner), hex});
      spent += share;
    }
  }
  Expect({0, kMoneyPenalty, job.bounty, escrow, owner, hex});
  Expect({0, kMoneyRefund, job.reward + job.fee - spent, escrow, owner, hex});
}

}  // namespace prooflode::sim
