#include <gtest/gtest.h>

#include "coordinator/engine/engine_metrics.h"

namespace prooflode::engine {
namespace {

// Remembers values by name and labels.
class RecordingMetrics final : public MetricFactory {
 public:
  Counter& GetCounter(const std::string& name, const std::string&, const Labels& labels) override {
    return cells_[Key(name, labels)];
  }
  Gauge& GetGauge(const std::string& name, const std::string&, const Labels& labels) override {
    return cells_[Key(name, labels)];
  }
  Histogram& GetHistogram(const std::string& name, const std::string&, const std::vector<double>&,
                          const Labels& labels) override {
    return cells_[Key(name, labels)];
  }
  double Value(const std::string& key) { return cells_.contains(key) ? cells_[key].value : -1; }

 private:
  struct Cell final : Counter, Gauge, Histogram {
    void Increment(double by) override { value += by; }
    void Set(double to) override { value = to; }
    void Observe(double seen) override { value += seen; }
    double value = 0;
  };
  // Short names: without the common prefix, with the label that tells series apart.
  static std::string Key(const std::string& name, const Labels& labels) {
    std::string key = name.substr(std::string("prooflode_coordinator_").size());
    for (const char* label : {"state", "outcome", "result", "size", "asset"}) {
      if (const auto found = labels.find(label); found != labels.end()) key += " " + found->second;
    }
    return key;
  }
  std::map<std::string, Cell> cells_;
};

TEST(EngineMetrics, AJobsLifeIsCountedOnce) {
  RecordingMetrics metrics;
  EngineMetrics engine_metrics(metrics, "credit");
  market::Market market{market::Rules{}};
  engine_metrics.Loaded(market);
  EXPECT_EQ(metrics.Value("jobs open"), 0);
  EXPECT_EQ(metrics.Value("jobs_total proved"), 0);
  EXPECT_EQ(metrics.Value("submissions_total late"), 0);

  market::Job job;
  job.posted_at = Seconds(10);
  job.revision = 1;
  engine_metrics.JobChanged(market, job, 1);
  engine_metrics.BatchDone(1, 0, 0, Seconds(15));
  EXPECT_EQ(metrics.Value("jobs open"), 1);
  EXPECT_EQ(metrics.Value("oldest_open_job_age_seconds"), 5);
  job.state = market::JobState::kWon;
  job.racer_count = 3;
  job.margin = Millis(500);
  job.delivered_at = Seconds(12);
  job.revision = 2;
  engine_metrics.JobChanged(market, job, 2);
  engine_metrics.JobChanged(market, job, 3);  // touched again by another command: the end was counted
  engine_metrics.BatchDone(1, 0, 0, Seconds(20));
  EXPECT_EQ(metrics.Value("jobs open"), 0);
  EXPECT_EQ(metrics.Value("jobs_total proved"), 1);
  EXPECT_EQ(metrics.Value("race_participants"), 3);
  EXPECT_EQ(metrics.Value("race_margin_seconds"), 0.5);
  EXPECT_EQ(metrics.Value("job_time_to_proof_seconds s"), 2);
  EXPECT_EQ(metrics.Value("oldest_open_job_age_seconds"), 0);
}

TEST(EngineMetrics, CandidatesAreCountedByWhatTheyGot) {
  RecordingMetrics metrics;
  EngineMetrics engine_metrics(metrics, "credit");
  engine_metrics.Drawn({.entries = {{{}, 1, true}, {{}, 1, false}, {{}, 2, false}}});
  EXPECT_EQ(metrics.Value("candidates_total admitted"), 1);
  EXPECT_EQ(metrics.Value("candidates_total not_drawn"), 2);
}

TEST(EngineMetrics, MoneyIsCountedByWhatItWasFor) {
  RecordingMetrics metrics;
  EngineMetrics engine_metrics(metrics, "credit");
  EXPECT_EQ(metrics.Value("payouts_total refused"), 0);
  ledger::Transfer transfer;
  transfer.amount = Amount{7};
  for (const auto kind : {ledger::TransferKind::kDeposit, ledger::TransferKind::kReward,
                          ledger::TransferKind::kReward, ledger::TransferKind::kWithdrawal}) {
    transfer.kind = kind;
    engine_metrics.Transferred(transfer);
  }
  engine_metrics.WithdrawalRefused();
  EXPECT_EQ(metrics.Value("rewards_units_total credit"), 14);
  EXPECT_EQ(metrics.Value("payouts_total done"), 1);
  EXPECT_EQ(metrics.Value("payouts_total refused"), 1);
}

TEST(EngineMetrics, WithdrawalsWaitUntilTheyArePaidOrGivenBack) {
  RecordingMetrics metrics;
  EngineMetrics engine_metrics(metrics, "credit");
  ledger::Transfer transfer{.amount = Amount{7}};
  const auto post = [&](ledger::TransferKind kind) {
    transfer.kind = kind;
    engine_metrics.Transferred(transfer);
  };
  for (int i = 0; i < 3; ++i) post(ledger::TransferKind::kWithdrawalRequest);
  post(ledger::TransferKind::kWithdrawal);
  post(ledger::TransferKind::kWithdrawalReturn);
  EXPECT_EQ(metrics.Value("payouts_waiting"), 1);
  EXPECT_EQ(metrics.Value("payouts_total returned"), 1);
}

TEST(EngineMetrics, CollateralCountsWhereItWasLost) {
  RecordingMetrics metrics;
  EngineMetrics engine_metrics(metrics, "credit");
  ledger::Transfer transfer{.kind = ledger::TransferKind::kPenalty, .amount = Amount{7}, .debit = "stake:a"};
  engine_metrics.Transferred(transfer);
  transfer.debit = "escrow:b";  // a bounty that nobody earned, to the requester
  engine_metrics.Transferred(transfer);
  transfer.debit = "stake:a";
  transfer.kind = ledger::TransferKind::kCollateralReturn;
  engine_metrics.Transferred(transfer);
  EXPECT_EQ(metrics.Value("collateral_forfeited_units_total credit"), 7);
}

TEST(EngineMetrics, SubmissionsAreCountedByWhatBecameOfThem) {
  RecordingMetrics metrics;
  EngineMetrics engine_metrics(metrics, "credit");
  market::Attempt attempt;
  attempt.changed_by = 4;
  attempt.committed_at = Seconds(1);
  const auto change = [&](market::AttemptState state) {
    attempt.state = state;
    engine_metrics.AttemptChanged(attempt, 4);
  };
  change(market::AttemptState::kWon);
  change(market::AttemptState::kLost);
  change(market::AttemptState::kInvalid);
  change(market::AttemptState::kRevealed);
  engine_metrics.AttemptChanged(attempt, 5);
  attempt.committed_at = Micros{};  // stopped before it had a proof
  change(market::AttemptState::kLost);
  EXPECT_EQ(metrics.Value("submissions_total first"), 1);
  EXPECT_EQ(metrics.Value("submissions_total late"), 1);
  EXPECT_EQ(metrics.Value("submissions_total invalid"), 1);
}

}  // namespace
}  // namespace prooflode::engine
