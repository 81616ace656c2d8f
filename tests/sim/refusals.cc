// When a command may be refused. What nothing stands against must be done: a refusal without a reason is as
// wrong as a payment without one.
#include "tests/sim/judge.h"
#include "tests/sim/oracle.h"

namespace prooflode::sim {
namespace {

bool May(const Model& model, const Key& who, const market::PostJob& post, int64_t) {
  const RulesModel& rules = model.rules();
  if (model.IsSuspended(post.circuit)) return true;
  if (!model.HasCircuit(post.circuit) || Count(post.reward) == 0 || post.public_inputs.size() != 32)
    return true;
  if (Count(post.reward) > uint64_t{1} << 62) return true;
  const auto out_of_range = [&](Micros time) {
    return Count(time) < rules.time_limit_min || Count(time) > rules.time_limit_max;
  };
  if (out_of_range(post.time_limit) || (post.policy.lease && out_of_range(post.policy.lease->lease)))
    return true;
  if (!post.policy.lease && post.policy.race.width > 1000) return true;
  if (!post.again && model.IsBeingProven(post.circuit, post.statement)) return true;
  if (model.UnfinishedOf(who) >= rules.jobs_max) return true;
  const uint64_t fee = PartOf(Count(post.reward), rules.fee_per_million);
  return model.Balance(AvailableOf(who)) < Count(post.reward) + fee;
}

bool May(const Model& model, const Key& who, const market::CancelJob& cancel, int64_t) {
  const JobModel* job = model.FindJob(cancel.job.bytes);
  return job == nullptr || job->requester != who || job->phase != kOpen || model.HasUndecided(*job);
}

bool May(const Model& model, const Key& who, const market::AcceptOffer& accept, int64_t now) {
  const JobModel* job = model.FindJob(accept.job.bytes);
  if (job == nullptr || job->phase != kOpen || now >= job->deadline) return true;
  const int64_t predicted = Count(accept.predicted);
  if (predicted < 0 || predicted > job->deadline - now || (job->lease > 0 && predicted > job->lease))
    return true;
  if (job->width != 0 && model.LiveIn(*job) >= model.PlacesOf(*job)) return true;
  if (model.LiveOf(who) + model.CandidaciesOf(who) >= model.rules().live_max) return true;
  if (model.WorkOf(who) >= model.ShownSlots(who, accept.slots)) return true;
  uint32_t admissions = 0;
  for (const Id& id : job->attempts) {
    const AttemptModel* attempt = model.FindAttempt(id);
    if (attempt->miner != who) continue;
    ++admissions;
    if (attempt->phase == kInvalid) return true;
    if (attempt->phase == kReleased && attempt->reason == kReasonUnprovable) return true;
    if (attempt->phase == kTimedOut && attempt->reason == kReasonRevealWindow) return true;
  }
  const bool drawn = job->width != 0 && model.rules().draw_window != 0;
  return admissions >= model.rules().admissions_max ||
         (!drawn && model.Balance(AvailableOf(who)) < job->collateral);
}

// The attempt, where it is this miner's and the token is right.
const AttemptModel* Own(const Model& model, const Key& who, const market::AttemptId& id, uint64_t fence) {
  const AttemptModel* attempt = model.FindAttempt(id.bytes);
  return attempt != nullptr && attempt->miner == who && attempt->fence == fence ? attempt : nullptr;
}

bool May(const Model& model, const Key& who, const market::CommitProof& commit, int64_t now) {
  const AttemptModel* attempt = Own(model, who, commit.attempt, commit.fence);
  if (attempt == nullptr) return true;
  const JobModel* job = model.FindJob(attempt->job);
  if (job->phase != kOpen || now >= job->deadline) return true;
  if (commit.opening && commit.opening->commit_hash != commit.commit_hash) return true;
  return attempt->phase != kAdmitted && !(attempt->phase == kTimedOut && attempt->reason == kReasonPlaceOver);
}

bool May(const Model& model, const Key& who, const market::RevealProof& reveal, int64_t now) {
  const AttemptModel* attempt = Own(model, who, reveal.attempt, reveal.fence);
  if (attempt == nullptr || attempt->phase != kCommitted || now >= attempt->reveal_by) return true;
  return reveal.opening.commit_hash != attempt->commit_hash;
}

bool May(const Model& model, const Key& who, const market::WithdrawCandidacy& withdraw, int64_t) {
  const JobModel* job = model.FindJob(withdraw.job.bytes);
  return job == nullptr || !job->candidates.contains(who);
}

bool May(const Model& model, const Key& who, const market::ReleaseAttempt& release, int64_t) {
  const AttemptModel* attempt = Own(model, who, release.attempt, release.fence);
  return attempt == nullptr || attempt->phase != kAdmitted;
}

bool May(const Model& model, const Key&, const market::RegisterCircuit& circuit, int64_t) {
  return model.HasCircuit(circuit.circuit.id) || model.HasCircuitName(circuit.circuit.name);
}

bool May(const Model& model, const Key&, const market::Deposit& deposit, int64_t) {
  return Count(deposit.amount) == 0 || Count(deposit.amount) > uint64_t{1} << 62 ||
         model.FindDeposit(deposit.external_reference) != nullptr;
}

bool May(const Model& model, const Key& who, const market::Withdraw& withdraw, int64_t) {
  return Count(withdraw.amount) == 0 || model.FindWithdrawal(who, withdraw.external_reference) != nullptr ||
         model.UnpaidOf(who) >= 100 || model.Balance(AvailableOf(who)) < Count(withdraw.amount);
}

bool MayNotEnd(const Model& model, uint64_t withdrawal) {
  const WithdrawalModel* found = model.FindWithdrawal(withdrawal);
  return found == nullptr || found->phase != kRequested;
}
bool May(const Model& model, const Key&, const market::PayWithdrawal& pay, int64_t) {
  return MayNotEnd(model, pay.withdrawal) || model.FindPayment(pay.external_reference) != nullptr;
}
bool May(const Model& model, const Key&, const market::RejectWithdrawal& reject, int64_t) {
  return MayNotEnd(model, reject.withdrawal);
}
bool May(const Model& model, const Key& who, const market::CancelWithdrawal& cancel, int64_t) {
  return MayNotEnd(model, cancel.withdrawal) || model.FindWithdrawal(cancel.withdrawal)->owner != who;
}
bool May(const Model& model, const Key&, const market::SetSuspension& set, int64_t) {
  return set.subject.circuit != Digest{} && !model.HasCircuit(set.subject.circuit);
}

// Commands that no client of a simulated world gives.
template <typename Command>
bool May(const Model&, const Key&, const Command&, int64_t) {
  return true;
}

}  // namespace

bool MayRefuse(const Model& model, const Request& request, Micros now) {
  return std::visit(
      [&](const auto& command) { return May(model, request.origin.identity, command, Count(now)); },
      request.command);
}

}  // namespace prooflode::sim
