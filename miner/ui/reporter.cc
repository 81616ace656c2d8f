#include "miner/ui/reporter.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/log.h"

namespace prooflode::miner {
namespace {

constexpr Micros kRateWindow = Seconds(3600);
constexpr size_t kDurationsMax = 101;
constexpr Micros kSkipLinePause = Seconds(60);
constexpr Micros kHopelessLinePause = Seconds(300);
// Work of jobs whose end nobody told; far above what can be under way.
constexpr size_t kWorkMax = 10'000;

double Median(const std::deque<double>& values) {
  if (values.empty()) return 0;
  std::vector<double> sorted(values.begin(), values.end());
  const auto middle = sorted.begin() + static_cast<ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

// Of milliseconds or seconds: three decimals are kept.
double Rounded(double value) { return std::round(value * 1000) / 1000; }

void Keep(std::deque<double>& values, double value) {
  values.push_back(value);
  if (values.size() > kDurationsMax) values.pop_front();
}

}  // namespace

Reporter::Reporter(Identity identity, Clock& clock, MinerMetrics& metrics)
    : identity_(std::move(identity)), clock_(clock), metrics_(metrics), started_(clock.MonotonicNow()) {
  devices_.resize(identity_.devices.size());
  for (size_t i = 0; i < devices_.size(); ++i) {
    devices_[i].row.name = identity_.devices[i];
    metrics_.DeviceInfo(i, identity_.devices[i]);
    metrics_.DeviceProgress(i, clock.WallNow());
  }
}

void Reporter::Connected(const std::string& market, const Money& money, Micros clock_offset) {
  metrics_.SetConnected(true);
  metrics_.SetAsset(money.name);
  MutexLock lock(mutex_);
  connected_ = true;
  hopeless_.clear();
  market_ = market;
  money_ = money;
  clock_offset_ = clock_offset;
  LogInfo("net", "connected to %s, market %s", identity_.coordinator, market);
}

void Reporter::Disconnected(const std::string& why, bool hopeless) {
  metrics_.SetConnected(false);
  MutexLock lock(mutex_);
  connected_ = false;
  if (hopeless) {
    const Micros now = clock_.MonotonicNow();
    const bool first = hopeless_.empty();
    if (!first && now - hopeless_at_ < kHopelessLinePause) return;
    hopeless_ = why;
    hopeless_at_ = now;
    return Log(first ? LogLevel::kError : LogLevel::kWarning, "net",
               absl::StrFormat("no session with %s; this will not get better by itself: %s",
                               identity_.coordinator, why));
  }
  hopeless_.clear();
  LogWarning("net", "no session with %s: %s; trying again", identity_.coordinator, why);
}

void Reporter::Disk(const DiskState& disk) {
  metrics_.SetDisk(disk.free, disk.room);
  MutexLock lock(mutex_);
  disk_ = disk;
  const bool changed = std::exchange(disk_low_, disk.low()) != disk.low();
  if (disk.low() && (changed || disk.deleted > 0)) LogWarning("miner", "%s", DiskLine(disk));
  if (!disk.low() && changed) LogInfo("miner", "%s", DiskLine(disk));
}

void Reporter::ProvingBegan(const JobId& job, size_t device) {
  MutexLock lock(mutex_);
  if (work_.size() >= kWorkMax) work_.erase(work_.begin());
  Work& work = work_[job];
  work.device = device;
  metrics_.DeviceProgress(device, clock_.WallNow());
  work.began = clock_.MonotonicNow();
  devices_.at(device).job = job;
}

void Reporter::ProvingEnded(const JobId& job, size_t device) {
  MutexLock lock(mutex_);
  devices_.at(device).job.reset();
  metrics_.DeviceProgress(device, clock_.WallNow());
  const auto it = work_.find(job);
  if (it == work_.end() || !it->second.began) return;
  const Micros took = clock_.MonotonicNow() - *it->second.began;
  metrics_.DeviceBusy(device, took);
  it->second.busy = it->second.busy + took;
  it->second.began.reset();
}

void Reporter::Proof(const JobId& job, size_t device, const ProofTimes& times) {
  metrics_.Proof(times);
  MutexLock lock(mutex_);
  DeviceState& state = devices_.at(device);
  const Micros now = clock_.MonotonicNow();
  state.proofs.push_back(now);
  while (now - state.proofs.front() > kRateWindow) state.proofs.pop_front();
  Keep(state.durations_ms, times.total_ms());
  LogInfo("cpu", "%s", ProofLine(job, times));
}

void Reporter::Report(const action::ReportNewJob& report) {
  MutexLock lock(mutex_);
  const Micros left = report.job.deadline_at - clock_offset_ - clock_.MonotonicNow();
  LogInfo("net", "%s", NewJobLine(report, left, money_));
}

void Reporter::Report(const action::ReportSkipped& report) {
  metrics_.JobSkipped(report.reason);
  MutexLock lock(mutex_);
  Skips& skips = skipped_[ReasonName(report.reason)];
  ++skips.count;
  // A market full of jobs that do not fit would fill the log: one line a minute for each reason.
  const Micros now = clock_.MonotonicNow();
  const bool show = !skips.shown_at || now - *skips.shown_at >= kSkipLinePause;
  if (show) skips.shown_at = now;
  Log(show ? LogLevel::kInfo : LogLevel::kDebug, "net", SkippedLine(report, money_, disk_));
}

void Reporter::Report(const action::ReportRefused& report) {
  MutexLock lock(mutex_);
  LogInfo("net", "%s", RefusedLine(report, money_));
  ++refused_[ReasonName(report.reason)];
}

void Reporter::Report(const action::ReportCoordinatorStops& report) {
  LogInfo("net", "%s", CoordinatorStopsLine(report));
}

void Reporter::Report(const action::ReportFailed& report) {
  metrics_.ProofFailed(report.job_at_fault);
  MutexLock lock(mutex_);
  const auto it = work_.find(report.job);
  if (report.job_at_fault) {
    ++unprovable_;
  } else if (it != work_.end()) {
    ++devices_.at(it->second.device).row.bad;
  }
  Forget(report.job, false, WasteReason::kFailed);
  LogWarning("cpu", "FAILED %s: %s", ShortId(report.job), report.what);
}

void Reporter::Report(const action::ReportEnded& report) {
  metrics_.AttemptEnded(report);
  MutexLock lock(mutex_);
  const bool won = report.state == AttemptState::kWon;
  const bool lost = report.state == AttemptState::kLost;
  const bool bad = report.state == AttemptState::kInvalid;
  if (const auto it = work_.find(report.job); it != work_.end()) {
    DeviceRow& row = devices_.at(it->second.device).row;
    row.won += won;
    row.lost += lost;
    row.bad += bad;
  }
  if (lost || bad || report.reason != Reason::kUnspecified) ++lost_[ReasonName(report.reason)];
  if (won) earned_ = CheckedAdd(earned_, report.paid).value_or(earned_);
  Forget(report.job, won,
         bad    ? WasteReason::kFailed
         : lost ? WasteReason::kLostRace
                : WasteReason::kCancelled);
  const LogLevel level = bad ? LogLevel::kError : LogLevel::kInfo;
  if (!report.margin) return Log(level, "net", EndedLine(report, money_));
  Keep(won ? won_by_ms_ : lost_by_ms_, ToMillis(*report.margin));
  Log(level, "net", EndedLine(report, money_), {{"margin_us", Count(*report.margin)}});
}

void Reporter::Report(const action::ReportAside& report) { LogError("cpu", "%s", AsideLine(report)); }

void Reporter::Report(const action::ReportBreaker& report) {
  metrics_.Stopped(report.reason, report.open);
  if (report.open) {
    LogError("miner", "%s", BreakerLine(report));
  } else {
    LogInfo("miner", "%s", BreakerLine(report));
  }
}

void Reporter::Forget(const JobId& job, bool earned, WasteReason reason) {
  const auto it = work_.find(job);
  if (it == work_.end()) return;
  Micros busy = it->second.busy;
  if (it->second.began) {  // a cancelled proof that has not stopped yet
    const Micros took = clock_.MonotonicNow() - *it->second.began;
    metrics_.DeviceBusy(it->second.device, took);
    busy = busy + took;
  }
  if (!earned) metrics_.Wasted(reason, busy);
  work_.erase(it);
}

void Reporter::Observe(const Session& session) {
  MutexLock lock(mutex_);
  races_ = session.races();
  offers_ = session.pending_offers();
  draining_ = session.draining();
  stopped_for_ = session.stopped_for();
  const bool paused = session.paused();
  for (size_t i = 0; i < devices_.size(); ++i) {
    const bool proving = devices_[i].job.has_value();
    metrics_.DeviceState(i, proving ? "proving" : paused || draining_ ? "paused" : "idle");
  }
}

std::vector<DeviceRow> Reporter::Rows() const {
  std::vector<DeviceRow> rows;
  const Micros now = clock_.MonotonicNow();
  const double window_s = std::max(ToSeconds(std::min(now - started_, kRateWindow)), 1.0);
  for (const DeviceState& device : devices_) {
    const auto recent = std::count_if(device.proofs.begin(), device.proofs.end(),
                                      [&](Micros at) { return now - at <= kRateWindow; });
    DeviceRow row = device.row;
    row.proofs_per_hour = static_cast<double>(recent) * 3600 / window_s;
    row.median_ms = Median(device.durations_ms);
    rows.push_back(row);
  }
  return rows;
}

void Reporter::LogTable() {
  MutexLock lock(mutex_);
  for (const std::string& line : TableLines(Rows(), clock_.MonotonicNow() - started_, earned_, money_)) {
    LogInfo("miner", "%s", line);
  }
}

Margins Reporter::MarginsNow() const {
  Margins margins{.won_ms = Median(won_by_ms_), .lost_ms = Median(lost_by_ms_)};
  for (const DeviceState& device : devices_) {
    margins.won += device.row.won;
    margins.lost += device.row.lost;
  }
  return margins;
}

void Reporter::LogSummary() {
  LogTable();
  MutexLock lock(mutex_);
  LogInfo("miner", "%s", SummaryLine(MarginsNow(), earned_, money_));
}

std::string Reporter::StatusJson() const {
  using Json = nlohmann::ordered_json;
  MutexLock lock(mutex_);
  Json devices = Json::array();
  const std::vector<DeviceRow> rows = Rows();
  for (size_t i = 0; i < rows.size(); ++i) {
    const DeviceRow& row = rows[i];
    const auto& job = devices_[i].job;
    const char* idle = !stopped_for_.empty() || draining_ ? "paused" : "idle";
    devices.push_back({{"device", i},
                       {"name", row.name},
                       {"state", job ? "proving" : idle},
                       {"job_id", job ? Json(HexEncode(*job)) : Json()},
                       {"proofs_per_hour", Rounded(row.proofs_per_hour)},
                       {"median_ms", Rounded(row.median_ms)},
                       {"won", row.won},
                       {"lost", row.lost},
                       {"bad", row.bad}});
  }
  Json skipped = Json::object();
  for (const auto& [reason, skips] : skipped_) skipped[reason] = skips.count;
  Json refused = Json::object();
  for (const auto& [reason, count] : refused_) refused[reason] = count;
  Json lost = Json::object();
  for (const auto& [reason, count] : lost_) lost[reason] = count;
  Json attempts = Json::array();
  for (const Session::RaceView& race : races_) {
    attempts.push_back({{"job_id", HexEncode(race.job)},
                        {"circuit", race.circuit_name},
                        {"reward_units", Count(race.reward)},
                        {"phase", PhaseText(race.phase)},
                        {"predicted_ms", Rounded(ToMillis(race.worth.predicted))},
                        {"place_chance", Rounded(race.worth.place)},
                        {"win_chance", Rounded(race.worth.chance)},
                        {"expected_units", Count(race.worth.expected)},
                        {"expected_units_per_hour", Count(race.worth.per_hour)},
                        {"coordinator_win_chance", Rounded(race.told_chance)}});
  }
  Json paused_for = Json::array();
  for (const StopReason reason : stopped_for_) paused_for.push_back(StopReasonText(reason));
  const Margins margins = MarginsNow();
  const Json status = {{"version", identity_.version},
                       {"miner", identity_.miner_key},
                       {"coordinator", identity_.coordinator},
                       {"market", market_},
                       {"connected", connected_},
                       {"draining", draining_},
                       {"paused", !stopped_for_.empty()},
                       {"paused_for", paused_for},
                       {"uptime_s", Rounded(ToSeconds(clock_.MonotonicNow() - started_))},
                       {"earned_units", Count(earned_)},
                       {"won_by_median_ms", won_by_ms_.empty() ? Json() : Json(Rounded(margins.won_ms))},
                       {"lost_by_median_ms", lost_by_ms_.empty() ? Json() : Json(Rounded(margins.lost_ms))},
                       {"asset", {{"name", money_.name}, {"decimals", money_.decimals}}},
                       {"offers", offers_},
                       {"skipped", skipped},
                       {"refused", refused},
                       {"lost", lost},
                       {"unprovable", unprovable_},
                       {"devices", devices},
                       {"attempts", attempts}};
  return status.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace prooflode::miner
