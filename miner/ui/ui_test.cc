#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/sim/sim_env.h"
#include "miner/ui/lines.h"
#include "miner/ui/reporter.h"

namespace prooflode::miner {
namespace {

using testing::HasSubstr;

// Counters and gauges by name and labels.
class RecordingMetrics final : public MetricFactory {
 public:
  struct Value final : Counter, Gauge, Histogram {
    void Increment(double by) override { value += by; }
    void Set(double to) override { value = to; }
    void Observe(double) override { value += 1; }
    double value = 0;
  };
  Counter& GetCounter(const std::string& name, const std::string&, const Labels& labels) override {
    return At(name, labels);
  }
  Gauge& GetGauge(const std::string& name, const std::string&, const Labels& labels) override {
    return At(name, labels);
  }
  Histogram& GetHistogram(const std::string& name, const std::string&, const std::vector<double>&,
                          const Labels& labels) override {
    return At(name, labels);
  }
  double Get(const std::string& name, const Labels& labels = {}) {
    const auto it = values_.find({name, labels});
    return it == values_.end() ? -1 : it->second.value;
  }

 private:
  Value& At(const std::string& name, const Labels& labels) { return values_[{name, labels}]; }
  std::map<std::pair<std::string, Labels>, Value> values_;
};

OfferedJob MakeJob() {
  OfferedJob job;
  job.id = {0x7f, 0x3a, 0x2c};
  job.circuit_name = "rollup";
  job.domain_size = 1 << 20;
  job.reward = Amount{120'500};
  job.racers = 3;
  return job;
}

const Money kMoney{"PLC", 3};

TEST(LinesTest, OneLineAnEvent) {
  Worth worth{
      .predicted = Millis(1740), .chance = 0.25, .expected = Amount{30'125}, .per_hour = Amount{62'000'000}};
  OfferedJob offered = MakeJob();
  EXPECT_EQ(
      NewJobLine({offered, worth}, Seconds(90), kMoney),
      "new job 7f3a2c rollup 2^20 reward 120.5 PLC deadline 01:30 (3 racing), about 1.74 s here, chance "
      "25%, worth 30.125 PLC, 62000 PLC an hour");
  offered.work_units = 1'000'000;
  EXPECT_THAT(NewJobLine({offered, worth}, Seconds(90), kMoney),
              HasSubstr("reward 120.5 PLC (0.12 PLC for 1000 units) deadline"));
  offered.width = 5;
  EXPECT_THAT(NewJobLine({offered, worth}, Seconds(90), kMoney), HasSubstr("(3 of 5 racing)"));
  worth.place = 0.4;
  EXPECT_THAT(NewJobLine({offered, worth}, Seconds(90), kMoney), HasSubstr("here, place 40%, chance 25%"));
  action::ReportEnded ended{.job = MakeJob().id,
                            .state = AttemptState::kWon,
                            .paid = Amount{120'500},
                            .committed = true,
                            .spent = Millis(340)};
  EXPECT_EQ(EndedLine(ended, kMoney), "WON 7f3a2c +120.5 PLC (340 ms)");
  ended.margin = Micros{1'500};
  EXPECT_EQ(EndedLine(ended, kMoney), "WON 7f3a2c +120.5 PLC by 1.5 ms (340 ms)");
  ended.state = AttemptState::kLost;
  ended.margin = Millis(410);
  EXPECT_EQ(EndedLine(ended, kMoney), "lost 7f3a2c 410 ms behind the winner");
  ended.predicted = Millis(300);
  EXPECT_EQ(EndedLine(ended, kMoney),
            "lost 7f3a2c 410 ms behind the winner (after 340 ms, about 300 ms were expected)");
  ended.predicted = {};
  ended.margin.reset();
  EXPECT_EQ(EndedLine(ended, kMoney), "lost 7f3a2c to an earlier proof");
  ended.committed = false;
  EXPECT_EQ(EndedLine(ended, kMoney), "lost 7f3a2c before our proof was ready");
  ended.state = AttemptState::kInvalid;
  ended.reason = Reason::kProofInvalid;
  EXPECT_EQ(EndedLine(ended, kMoney), "REJECTED 7f3a2c: proof invalid");
  EXPECT_EQ(ProofLine(MakeJob().id, {.warm = true,
                                     .load_ms = 110,
                                     .quotient_ms = 420,
                                     .msm_g1_ms = 900,
                                     .msm_g2_ms = 200,
                                     .verify_ms = 20,
                                     .prove_ms = 1610}),
            "proof 7f3a2c 1.74 s (load 110 ms warm ntt 420 ms msm g1 900 ms g2 200 ms verify 20 ms)");
}

TEST(LinesTest, EstimatesHaveFewDigits) {
  const Money money{"credit", 6};
  EXPECT_EQ(RoughAmountText(Amount{10'645'218'522}, money), "10645.219 credit");
  EXPECT_EQ(RoughAmountText(Amount{1'999'999}, money), "2 credit");
  EXPECT_EQ(RoughAmountText(Amount{123'456}, money), "0.123 credit");
  EXPECT_EQ(RoughAmountText(Amount{1'234}, money), "0.00123 credit");
  EXPECT_EQ(RoughAmountText(Amount{7}, money), "0.000007 credit");
  EXPECT_EQ(RoughAmountText(Amount{}, money), "0 credit");
  EXPECT_EQ(RoughAmountText(Amount{~uint64_t{0}}, {"", 0}), "18446744073709551615");
  EXPECT_EQ(RoughAmountText(Amount{~uint64_t{0}}, {"", 19}), "1.844");
}

TEST(LinesTest, WhatIsMissingIsNamedWithItsAmounts) {
  OfferedJob job = MakeJob();
  job.collateral = Amount{5'000};
  EXPECT_THAT(NewJobLine({job, {}}, Seconds(90), kMoney),
              HasSubstr("reward 120.5 PLC collateral 5 PLC deadline"));
  EXPECT_EQ(RefusedLine({job, Reason::kCollateralTooLow, Amount{1'250}}, kMoney),
            "not admitted to 7f3a2c: the balance does not cover the collateral (collateral 5 PLC, balance "
            "1.25 PLC)");
  EXPECT_THAT(RefusedLine({job, Reason::kCollateralTooLow}, kMoney), HasSubstr("balance not known"));
  EXPECT_EQ(RefusedLine({job, Reason::kRaceFull}, kMoney), "not admitted to 7f3a2c: race full");
  job.zkey_bytes = 119'500'000;
  DiskState disk{.room = 100'000'000, .quota = 100'000'000};
  EXPECT_THAT(SkippedLine({job, Reason::kDisk}, kMoney, disk),
              HasSubstr("key and witness need 120 MB, cache.quota_mb allows 100"));
  disk.quota = 200'000'000;
  EXPECT_THAT(SkippedLine({job, Reason::kDisk}, kMoney, disk), HasSubstr("does not fit on the disk"));
}

TEST(LinesTest, ASummarySaysByHowMuch) {
  EXPECT_EQ(SummaryLine({}, Amount{0}, kMoney), "won 0, lost 0, earned 0 PLC");
  EXPECT_EQ(SummaryLine({.won = 3, .lost = 2, .won_ms = 12, .lost_ms = 1234}, Amount{1'500}, kMoney),
            "won 3 (median 12 ms ahead), lost 2 (median 1.23 s behind), earned 1.5 PLC");
  EXPECT_EQ(AsideLine({"rollup", Seconds(600)}),
            "circuit rollup is put aside for 10:00: its jobs ended the worker again and again; others go on");
}

Labels Groth16(const std::string& result) {
  return {{"proof_system", "groth16"}, {"curve", "bn254"}, {"result", result}};
}

class ReporterTest : public testing::Test {
 protected:
  SimClock clock_;
  RecordingMetrics recorded_;
  MinerMetrics metrics_{recorded_, 1};
  Reporter reporter_{{"1.2.3", "ab", "https://c:1", {"cpu 4 threads"}}, clock_, metrics_};
};

TEST_F(ReporterTest, CountsWhatWasEarnedAndWasted) {
  reporter_.Connected("test", kMoney, {});
  const JobId first = MakeJob().id;
  reporter_.ProvingBegan(first, 0);
  clock_.Advance(Seconds(2));
  reporter_.ProvingEnded(first, 0);
  reporter_.Proof(first, 0, {.prove_ms = 2000});
  reporter_.Report(action::ReportEnded{.job = first, .state = AttemptState::kWon, .paid = Amount{500}});
  JobId second{};
  reporter_.ProvingBegan(second, 0);
  clock_.Advance(Seconds(3));
  reporter_.Report(action::ReportEnded{.job = second, .state = AttemptState::kLost});
  clock_.Advance(Seconds(1));
  reporter_.ProvingEnded(second, 0);
  EXPECT_EQ(recorded_.Get("prooflode_miner_rewards_units_total", {{"asset", "PLC"}}), 500);
  EXPECT_EQ(recorded_.Get("prooflode_miner_attempts_total", Groth16("won")), 1);
  EXPECT_EQ(recorded_.Get("prooflode_miner_attempts_total", Groth16("lost_race")), 1);
  EXPECT_EQ(recorded_.Get("prooflode_miner_wasted_seconds_total", {{"reason", "lost_race"}}), 3);
  EXPECT_EQ(recorded_.Get("prooflode_miner_device_busy_seconds_total", {{"device", "0"}}), 5);
  EXPECT_EQ(recorded_.Get("prooflode_miner_connected", {{"endpoint", "primary"}}), 1);
  const auto status = nlohmann::json::parse(reporter_.StatusJson());
  EXPECT_EQ(status["earned_units"], 500);
  EXPECT_EQ(status["connected"], true);
  EXPECT_EQ(status["devices"][0]["won"], 1);
  EXPECT_EQ(status["devices"][0]["lost"], 1);
  EXPECT_EQ(status["devices"][0]["state"], "idle");
  EXPECT_EQ(status["devices"][0]["median_ms"], 2000);
  EXPECT_EQ(status["devices"][0]["proofs_per_hour"], 600);
}

TEST_F(ReporterTest, TellsWhatTheDeviceIsAndWhenItLastMoved) {
  const Labels device = {{"device", "0"}};
  const auto last = [&] {
    return recorded_.Get("prooflode_miner_device_last_progress_timestamp_seconds", device);
  };
  EXPECT_EQ(recorded_.Get("prooflode_miner_device_info",
                          {{"device", "0"}, {"name", "cpu 4 threads"}, {"backend", "cpu"}}),
            1);
  const double start = last();
  EXPECT_EQ(start, ToSeconds(clock_.WallNow()));
  clock_.Advance(Seconds(7));
  EXPECT_EQ(last(), start);
  reporter_.ProvingBegan(JobId{}, 0);
  EXPECT_EQ(last(), start + 7);
  clock_.Advance(Seconds(2));
  reporter_.ProvingEnded(JobId{}, 0);
  EXPECT_EQ(last(), start + 9);
}

TEST_F(ReporterTest, CountsTheDevicesErrors) {
  const auto errors = [&](const char* kind) {
    return recorded_.Get("prooflode_miner_device_errors_total", {{"device", "0"}, {"kind", kind}});
  };
  metrics_.CallEnded("CommitProof", "UNAVAILABLE", Millis(250));
  EXPECT_EQ(recorded_.Get("prooflode_miner_rpc_duration_seconds",
                          {{"method", "CommitProof"}, {"code", "UNAVAILABLE"}}),
            1);
  metrics_.SetAsset("no name");
  metrics_.SetAsset("PLC");  // the first stays
  EXPECT_EQ(recorded_.Get("prooflode_miner_rewards_units_total", {{"asset", "other"}}), 0);
  EXPECT_EQ(recorded_.Get("prooflode_miner_rewards_units_total", {{"asset", "PLC"}}), -1);
  metrics_.SelfVerifyFailures(0, 2);
  metrics_.DeviceError(0, DeviceErrorKind::kHang);
  EXPECT_EQ(errors("invalid_proof"), 2);
  EXPECT_EQ(errors("hang"), 1);
  EXPECT_EQ(errors("crash"), 0);
}

TEST_F(ReporterTest, ABadWitnessIsNotCountedAgainstTheDevice) {
  const auto fail = [&](bool job_at_fault) {
    reporter_.ProvingBegan(MakeJob().id, 0);
    reporter_.ProvingEnded(MakeJob().id, 0);
    reporter_.Report(action::ReportFailed{MakeJob().id, "proof does not verify", job_at_fault});
    return nlohmann::json::parse(reporter_.StatusJson());
  };
  auto status = fail(true);
  EXPECT_EQ(status["devices"][0]["bad"], 0);
  EXPECT_EQ(status["unprovable"], 1);
  status = fail(false);
  EXPECT_EQ(status["devices"][0]["bad"], 1);
  EXPECT_EQ(status["unprovable"], 1);
  EXPECT_EQ(recorded_.Get("prooflode_miner_attempts_total", Groth16("unprovable")), 1);
  EXPECT_EQ(recorded_.Get("prooflode_miner_attempts_total", Groth16("failed")), 1);
}

TEST_F(ReporterTest, WhatWillNotGetBetterByItselfIsSaidSeldom) {
  const auto said = [&](bool hopeless) {
    testing::internal::CaptureStderr();
    InitLog({});
    reporter_.Disconnected("another key", hopeless);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(said(true), HasSubstr("will not get better by itself: another key"));
  EXPECT_EQ(said(true), "");
  clock_.Advance(Seconds(299));
  EXPECT_EQ(said(true), "");
  clock_.Advance(Seconds(1));
  EXPECT_THAT(said(true), HasSubstr("another key"));
  EXPECT_THAT(said(false), HasSubstr("trying again"));
}

TEST_F(ReporterTest, StatusHasNoMarginBeforeOneIsKnown) {
  clock_.Advance(Micros{1'234'567});
  const auto status = nlohmann::json::parse(reporter_.StatusJson());
  EXPECT_TRUE(status["won_by_median_ms"].is_null());
  EXPECT_TRUE(status["lost_by_median_ms"].is_null());
  EXPECT_EQ(status["uptime_s"].dump(), "1.235");
}

TEST_F(ReporterTest, CountsReasonsInTheWordsOfTheProtocol) {
  reporter_.Report(action::ReportSkipped{MakeJob(), Reason::kExpectedValueTooLow});
  reporter_.Report(action::ReportRefused{MakeJob(), Reason::kRaceFull});
  reporter_.Report(action::ReportRefused{MakeJob(), Reason::kRaceFull});
  reporter_.Report(action::ReportEnded{
      .job = MakeJob().id, .state = AttemptState::kLost, .reason = Reason::kWonByAnother});
  const auto status = nlohmann::json::parse(reporter_.StatusJson());
  EXPECT_EQ(status["skipped"]["expected_value_too_low"], 1);
  EXPECT_EQ(status["refused"]["race_full"], 2);
  EXPECT_EQ(status["lost"]["won_by_another"], 1);
  EXPECT_EQ(recorded_.Get("prooflode_miner_jobs_skipped_total", {{"reason", "expected_value_too_low"}}), 1);
}

TEST_F(ReporterTest, SaysWhenTheDiskRunsLowAndWhenItDoesNotAnyMore) {
  DiskState disk{
      .free = 9'000'000'000, .free_min = 1'000'000'000, .room = 5'000'000'000, .quota = 5'000'000'000};
  testing::internal::CaptureStderr();
  InitLog({});
  reporter_.Disk(disk);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  disk.free = 700'000'000;
  disk.room = 40'000'000;
  disk.deleted = 300'000'000;
  testing::internal::CaptureStderr();
  reporter_.Disk(disk);
  const std::string low = testing::internal::GetCapturedStderr();
  EXPECT_THAT(low, HasSubstr("disk runs low: 700 MB free, 1000 MB of it stay free; the cache may hold 40 of "
                             "5000 MB, 300 MB were deleted"));
  EXPECT_EQ(recorded_.Get("prooflode_miner_disk_free_bytes"), 700'000'000);
  EXPECT_EQ(recorded_.Get("prooflode_miner_cache_room_bytes"), 40'000'000);
  disk.deleted = 0;
  testing::internal::CaptureStderr();
  reporter_.Disk(disk);  // said already
  disk.room = disk.quota;
  reporter_.Disk(disk);
  const std::string again = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(again.begin(), again.end(), '\n'), 1);
  EXPECT_THAT(again, HasSubstr("disk has room again: 700 MB free"));
}

TEST_F(ReporterTest, MarginsGoIntoMetricsStatusLogAndSummary) {
  reporter_.Connected("test", kMoney, {});
  const auto race = [&](AttemptState state, std::optional<Micros> margin) {
    reporter_.ProvingBegan(MakeJob().id, 0);
    reporter_.ProvingEnded(MakeJob().id, 0);
    reporter_.Report(
        action::ReportEnded{.job = MakeJob().id, .state = state, .margin = margin, .committed = true});
  };
  testing::internal::CaptureStderr();
  InitLog({.json = true});
  race(AttemptState::kWon, Millis(20));
  const std::string line = testing::internal::GetCapturedStderr();
  InitLog({});
  EXPECT_EQ(nlohmann::json::parse(line)["margin_us"], 20'000) << line;
  race(AttemptState::kWon, std::nullopt);
  race(AttemptState::kLost, Millis(7));
  race(AttemptState::kLost, std::nullopt);
  EXPECT_EQ(recorded_.Get("prooflode_miner_race_margin_seconds"), 1);
  EXPECT_EQ(recorded_.Get("prooflode_miner_race_gap_seconds"), 1);
  const auto status = nlohmann::json::parse(reporter_.StatusJson());
  EXPECT_EQ(status["won_by_median_ms"], 20);
  EXPECT_EQ(status["lost_by_median_ms"], 7);
  testing::internal::CaptureStderr();
  reporter_.LogSummary();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("won 2 (median 20 ms ahead), lost 2 (median 7.0 ms behind)"));
}

TEST_F(ReporterTest, ShowsRacesAndSurvivesHostileNames) {
  SimRandom random(1);
  Session session({}, random);
  session.Handle(Seconds(1), event::Tick{});
  session.Handle(Seconds(1), event::Connected{});
  session.Handle(Seconds(1), event::Welcome{Seconds(1), Seconds(5), {}});
  OfferedJob job = MakeJob();
  job.circuit_name = "\xff\xfe<script>";
  job.domain_size = 4;
  job.deadline_at = Seconds(1000);
  session.Handle(Seconds(1), event::Offer{1, job});
  reporter_.Observe(session);
  const auto status = nlohmann::json::parse(reporter_.StatusJson());
  EXPECT_EQ(status["attempts"][0]["phase"], "accepting");
}

}  // namespace
}  // namespace prooflode::miner
