// What the engine counts: batches, jobs by state and outcome, submissions by result, races.
#pragma once

#include <map>
#include <string>

#include "base/metrics.h"
#include "coordinator/engine/win_share.h"
#include "coordinator/market/market.h"

namespace prooflode::engine {

// Used by the engine thread alone, but for the counters of the metrics themselves.
class EngineMetrics {
 public:
  // `asset` is what balances are counted in, a label.
  EngineMetrics(MetricFactory& metrics, const std::string& asset);

  // After loading: the live jobs.
  void Loaded(const market::Market& market);
  // A job or attempt as the command at `leaf` left it.
  void JobChanged(const market::Market& market, const market::Job& job, market::LeafIndex leaf);
  void AttemptChanged(const market::Attempt& attempt, market::LeafIndex leaf);
  void Transferred(const ledger::Transfer& transfer);
  void Drawn(const market::DrawRecord& draw);
  void WithdrawalRefused() { payouts_refused_.Increment(); }
  void Suspended(const market::Market& market);
  // Once a batch.
  void BatchDone(size_t commands, double apply_seconds, double write_seconds, Micros now);
  void QueueLengths(size_t queue, size_t checks);

  Counter& queue_refusals;

 private:
  struct LiveJob {
    market::JobState state;
    Micros posted_at;
  };
  void Track(const market::Job& job);
  void ShowLiveJobs();
  void CountWin(const market::Job& job);
  Counter& Submissions(const char* result);
  void ShowWaiting(int64_t more);

  MetricFactory& factory_;
  std::map<market::JobId, LiveJob> live_jobs_;
  std::map<market::JobState, size_t> live_count_;
  Micros next_age_at_{};
  WinShare wins_1h_{Seconds(3600)};
  WinShare wins_24h_{Seconds(24 * 3600)};
  Counter& commands_;
  Histogram& batch_commands_;
  Histogram& apply_seconds_;
  Histogram& write_seconds_;
  Counter& rewards_units_;
  Counter& forfeited_units_;
  Counter& drawn_;
  Counter& not_drawn_;
  Counter& payouts_done_;
  Counter& payouts_refused_;
  Counter& payouts_returned_;
  Gauge& payouts_waiting_;
  int64_t waiting_count_ = 0;
  Gauge& queue_length_;
  Gauge& check_queue_length_;
  Gauge& oldest_job_age_;
  Gauge& top_ratio_1h_;
  Gauge& top_ratio_24h_;
  Histogram& participants_;
  Histogram& margin_;
};

}  // namespace prooflode::engine
