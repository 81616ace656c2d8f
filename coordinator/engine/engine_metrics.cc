#include "coordinator/engine/engine_metrics.h"

#include <algorithm>

namespace prooflode::engine {
namespace {

using market::AttemptState;
using market::JobState;

const Labels kGroth16 = {{"proof_system", "groth16_bn254"}};

constexpr char kPayoutsHelp[] = "Withdrawals: paid outside, given back, or refused when they were asked for";
constexpr char kCandidatesHelp[] = "Candidates for places by what the draw gave them";

constexpr char kTopRatioHelp[] = "Wins of the miner with the most over all wins of the last hours";

const char* StateLabel(JobState state) {
  switch (state) {
    case JobState::kOpen:
      return "open";
    case JobState::kClosing:
      return "closing";
    default:
      return "delivered";
  }
}

const char* OutcomeLabel(JobState state) {
  switch (state) {
    case JobState::kWon:
      return "proved";
    case JobState::kExpired:
      return "expired";
    case JobState::kUnprovable:
      return "unprovable";
    case JobState::kSuspended:
      return "suspended";
    default:
      return "cancelled";
  }
}

// What became of a submission; nullptr for an attempt that ended without one or has not ended.
const char* SubmissionResult(const market::Attempt& attempt) {
  const bool submitted = attempt.committed_at != Micros{};
  switch (attempt.state) {
    case AttemptState::kWon:
      return "first";
    case AttemptState::kLost:
      return submitted ? "late" : nullptr;
    case AttemptState::kInvalid:
      return "invalid";
    case AttemptState::kTimedOut:
      return submitted ? "expired" : nullptr;
    default:
      return nullptr;
  }
}

const char* SizeLabel(uint64_t domain_size) {
  if (domain_size <= (1 << 14)) return "s";
  if (domain_size <= (1 << 18)) return "m";
  if (domain_size <= (1 << 21)) return "l";
  return "xl";
}

Labels With(Labels labels, const std::string& name, const std::string& value) {
  labels[name] = value;
  return labels;
}

}  // namespace

EngineMetrics::EngineMetrics(MetricFactory& metrics, const std::string& asset)
    : queue_refusals(metrics.GetCounter("prooflode_coordinator_engine_refusals_total",
                                        "Commands and queries refused because the engine's queue was full")),
      factory_(metrics),
      commands_(metrics.GetCounter("prooflode_coordinator_engine_commands_total", "Commands processed")),
      batch_commands_(metrics.GetHistogram("prooflode_coordinator_engine_batch_commands",
                                           "Commands in one group commit",
                                           {1, 2, 4, 8, 16, 32, 64, 128, 256, 512})),
      apply_seconds_(metrics.GetHistogram("prooflode_coordinator_engine_apply_duration_seconds",
                                          "Applying the commands of one group commit",
                                          ExponentialBuckets(1e-5, 4, 9))),
      write_seconds_(metrics.GetHistogram("prooflode_coordinator_engine_sync_duration_seconds",
                                          "Writing one group commit until it is durable",
                                          ExponentialBuckets(1e-4, 2.5, 11))),
      rewards_units_(metrics.GetCounter("prooflode_coordinator_rewards_units_total",
                                        "Paid to winners, in smallest units", {{"asset", asset}})),
      forfeited_units_(metrics.GetCounter("prooflode_coordinator_collateral_forfeited_units_total",
                                          "Collateral that miners lost, in smallest units",
                                          {{"asset", asset}})),
      drawn_(metrics.GetCounter("prooflode_coordinator_candidates_total", kCandidatesHelp,
                                {{"result", "admitted"}})),
      not_drawn_(metrics.GetCounter("prooflode_coordinator_candidates_total", kCandidatesHelp,
                                    {{"result", "not_drawn"}})),
      payouts_done_(
          metrics.GetCounter("prooflode_coordinator_payouts_total", kPayoutsHelp, {{"result", "done"}})),
      payouts_refused_(
          metrics.GetCounter("prooflode_coordinator_payouts_total", kPayoutsHelp, {{"result", "refused"}})),
      payouts_returned_(
          metrics.GetCounter("prooflode_coordinator_payouts_total", kPayoutsHelp, {{"result", "returned"}})),
      payouts_waiting_(metrics.GetGauge("prooflode_coordinator_payouts_waiting",
                                        "Withdrawals that an operator has to pay or reject")),
      queue_length_(metrics.GetGauge("prooflode_coordinator_engine_queue_length",
                                     "Commands and queries waiting for the engine")),
      check_queue_length_(metrics.GetGauge("prooflode_coordinator_verify_queue_length",
                                           "Revealed proofs waiting for a verdict")),
      oldest_job_age_(metrics.GetGauge("prooflode_coordinator_oldest_open_job_age_seconds",
                                       "Age of the oldest job that has not ended")),
      top_ratio_1h_(
          metrics.GetGauge("prooflode_coordinator_top_miner_win_ratio", kTopRatioHelp, {{"window", "1h"}})),
      top_ratio_24h_(
          metrics.GetGauge("prooflode_coordinator_top_miner_win_ratio", kTopRatioHelp, {{"window", "24h"}})),
      participants_(metrics.GetHistogram("prooflode_coordinator_race_participants",
                                         "Miners admitted to a job that was won",
                                         {1, 2, 3, 5, 10, 20, 50, 100})),
      margin_(metrics.GetHistogram("prooflode_coordinator_race_margin_seconds",
                                   "Log time of the first valid commit behind the winner's less the winner's",
                                   ExponentialBuckets(0.001, 2.5, 13))) {}

void EngineMetrics::Loaded(const market::Market& market) {
  std::vector<const market::Job*> won;
  for (const auto& [id, job] : market.jobs()) {
    Track(job);
    if (job.winner) won.push_back(&job);
  }
  std::sort(won.begin(), won.end(),
            [](const market::Job* a, const market::Job* b) { return a->settled_at < b->settled_at; });
  for (const market::Job* job : won) CountWin(*job);
  // Every series exists from the first scrape on.
  for (JobState state : {JobState::kWon, JobState::kExpired, JobState::kCancelled, JobState::kUnprovable,
                         JobState::kSuspended}) {
    factory_.GetCounter("prooflode_coordinator_jobs_total", "Jobs that ended",
                        With(kGroth16, "outcome", OutcomeLabel(state)));
  }
  for (const char* result : {"first", "late", "invalid", "expired"}) Submissions(result);
  ShowWaiting(static_cast<int64_t>(market.UnpaidWithdrawals().size()));
  Suspended(market);
  ShowLiveJobs();
}

void EngineMetrics::ShowWaiting(int64_t more) {
  waiting_count_ += more;
  payouts_waiting_.Set(static_cast<double>(waiting_count_));
}

void EngineMetrics::Suspended(const market::Market& market) {
  size_t systems = 0;
  size_t circuits = 0;
  for (const auto& [subject, suspension] : market.suspensions()) {
    if (suspension.active) ++(subject.circuit == market::CircuitId{} ? systems : circuits);
  }
  const auto show = [this](const char* kind, size_t count) {
    factory_.GetGauge("prooflode_coordinator_suspended", "What operators have suspended", {{"kind", kind}})
        .Set(static_cast<double>(count));
  };
  show("proof_system", systems);
  show("circuit", circuits);
}

Counter& EngineMetrics::Submissions(const char* result) {
  return factory_.GetCounter("prooflode_coordinator_submissions_total",
                             "Committed proofs by what became of them", With(kGroth16, "result", result));
}

void EngineMetrics::ShowLiveJobs() {
  for (JobState state : {JobState::kOpen, JobState::kClosing, JobState::kDelivered}) {
    factory_
        .GetGauge("prooflode_coordinator_jobs", "Jobs that have not ended",
                  With(kGroth16, "state", StateLabel(state)))
        .Set(static_cast<double>(live_count_[state]));
  }
}

void EngineMetrics::Track(const market::Job& job) {
  const auto known = live_jobs_.find(job.id);
  if (known != live_jobs_.end()) --live_count_[known->second.state];
  if (market::IsFinal(job.state)) {
    if (known != live_jobs_.end()) live_jobs_.erase(known);
    return;
  }
  live_jobs_[job.id] = {job.state, job.posted_at};
  ++live_count_[job.state];
}

void EngineMetrics::JobChanged(const market::Market& market, const market::Job& job, market::LeafIndex leaf) {
  Track(job);
  if (!market::IsFinal(job.state) || job.revision != leaf) return;
  factory_
      .GetCounter("prooflode_coordinator_jobs_total", "Jobs that ended",
                  With(kGroth16, "outcome", OutcomeLabel(job.state)))
      .Increment();
  if (job.state != JobState::kWon) return;
  CountWin(job);
  participants_.Observe(job.racer_count);
  if (job.margin) margin_.Observe(ToSeconds(*job.margin));
  const market::Circuit* circuit = market.FindCircuit(job.circuit);
  factory_
      .GetHistogram("prooflode_coordinator_job_time_to_proof_seconds",
                    "From posting to the delivery of a valid proof", ExponentialBuckets(0.1, 2, 16),
                    With(kGroth16, "size", SizeLabel(circuit == nullptr ? 0 : circuit->domain_size)))
      .Observe(ToSeconds(job.delivered_at - job.posted_at));
}

void EngineMetrics::CountWin(const market::Job& job) {
  wins_1h_.Won(*job.winner, job.settled_at);
  wins_24h_.Won(*job.winner, job.settled_at);
}

void EngineMetrics::AttemptChanged(const market::Attempt& attempt, market::LeafIndex leaf) {
  const char* result = SubmissionResult(attempt);
  if (result != nullptr && attempt.changed_by == leaf) Submissions(result).Increment();
}

void EngineMetrics::Transferred(const ledger::Transfer& transfer) {
  if (transfer.kind == ledger::TransferKind::kReward) {
    rewards_units_.Increment(static_cast<double>(Count(transfer.amount)));
  } else if (transfer.kind == ledger::TransferKind::kWithdrawal) {
    payouts_done_.Increment();
    ShowWaiting(-1);
  } else if (transfer.kind == ledger::TransferKind::kWithdrawalRequest) {
    ShowWaiting(1);
  } else if (transfer.kind == ledger::TransferKind::kWithdrawalReturn) {
    payouts_returned_.Increment();
    ShowWaiting(-1);
  } else if (transfer.debit.starts_with(ledger::kStakePrefix) &&
             transfer.kind != ledger::TransferKind::kCollateralReturn) {
    forfeited_units_.Increment(static_cast<double>(Count(transfer.amount)));
  }
}

void EngineMetrics::Drawn(const market::DrawRecord& draw) {
  for (const market::DrawRecord::Entry& entry : draw.entries) {
    (entry.admitted ? drawn_ : not_drawn_).Increment();
  }
}

void EngineMetrics::BatchDone(size_t commands, double apply_seconds, double write_seconds, Micros now) {
  commands_.Increment(static_cast<double>(commands));
  batch_commands_.Observe(static_cast<double>(commands));
  apply_seconds_.Observe(apply_seconds);
  write_seconds_.Observe(write_seconds);
  ShowLiveJobs();
  if (now < next_age_at_) return;  // a walk over all live jobs: once a second is enough
  next_age_at_ = now + Seconds(1);
  Micros oldest = now;
  for (const auto& [id, job] : live_jobs_) oldest = std::min(oldest, job.posted_at);
  oldest_job_age_.Set(ToSeconds(now - oldest));
  top_ratio_1h_.Set(wins_1h_.TopRatio(now));
  top_ratio_24h_.Set(wins_24h_.TopRatio(now));
}

void EngineMetrics::QueueLengths(size_t queue, size_t checks) {
  queue_length_.Set(static_cast<double>(queue));
  check_queue_length_.Set(static_cast<double>(checks));
}

}  // namespace prooflode::engine
