#include "miner/ui/miner_metrics.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace prooflode::miner {
namespace {

// What this version proves, and with what.
const Labels kProved = {{"proof_system", "groth16"}, {"curve", "bn254"}};
constexpr char kBackend[] = "cpu";

Labels With(Labels labels, const std::string& name, const std::string& value) {
  labels.emplace(name, value);
  return labels;
}

constexpr const char* kDeviceStates[] = {"idle", "proving", "paused"};
constexpr const char* kStages[] = {"fetch", "load", "ntt", "msm_g1", "msm_g2", "finish", "self_verify"};
constexpr const char* kResults[] = {"won",       "lost_race", "invalid",    "timeout", "released",
                                    "cancelled", "failed",    "unprovable", "unknown"};

const char* ResultName(AttemptState state) {
  switch (state) {
    case AttemptState::kWon:
      return "won";
    case AttemptState::kLost:
      return "lost_race";
    case AttemptState::kInvalid:
      return "invalid";
    case AttemptState::kTimedOut:
      return "timeout";
    case AttemptState::kReleased:
      return "released";
    case AttemptState::kJobEnded:
      return "cancelled";
    default:
      return "unknown";
  }
}

Counter& WasteCounter(MetricFactory& factory, WasteReason reason) {
  const char* name = reason == WasteReason::kLostRace    ? "lost_race"
                     : reason == WasteReason::kCancelled ? "cancelled"
                                                         : "failed";
  return factory.GetCounter("prooflode_miner_wasted_seconds_total",
                            "Device time of proofs that earned nothing", {{"reason", name}});
}

// Why the session skips offers.
constexpr Reason kSkipReasons[] = {
    Reason::kRewardTooLow, Reason::kExpectedValueTooLow, Reason::kMemory,       Reason::kDisk,
    Reason::kTooSlow,      Reason::kUnsupported,         Reason::kFailedBefore, Reason::kCircuitAside};

Counter& SkipCounter(MetricFactory& factory, Reason reason) {
  return factory.GetCounter("prooflode_miner_jobs_skipped_total", "Offers that were not taken",
                            {{"reason", ReasonName(reason)}});
}

Counter& DeviceCounter(MetricFactory& factory, const char* name, const char* help, size_t device) {
  return factory.GetCounter(name, help, {{"device", std::to_string(device)}});
}

Counter& BusyCounter(MetricFactory& factory, size_t device) {
  return DeviceCounter(factory, "prooflode_miner_device_busy_seconds_total", "Time spent on jobs", device);
}
Counter& ResetCounter(MetricFactory& factory, size_t device) {
  return DeviceCounter(factory, "prooflode_miner_device_resets_total",
                       "Worker processes that died or hung and were replaced", device);
}
Counter& SelfVerifyCounter(MetricFactory& factory, size_t device) {
  return DeviceCounter(factory, "prooflode_miner_self_verify_failures_total",
                       "Proofs that did not verify here and were not sent", device);
}
Counter& ErrorCounter(MetricFactory& factory, size_t device, DeviceErrorKind kind) {
  const char* name = kind == DeviceErrorKind::kCrash  ? "crash"
                     : kind == DeviceErrorKind::kHang ? "hang"
                                                      : "invalid_proof";
  return factory.GetCounter("prooflode_miner_device_errors_total", "Jobs that the device failed",
                            {{"device", std::to_string(device)}, {"kind", name}});
}
Counter& CacheCounter(MetricFactory& factory, const std::string& kind, bool hit) {
  return factory.GetCounter("prooflode_miner_cache_requests_total", "Files asked of the cache",
                            {{"kind", kind}, {"result", hit ? "hit" : "miss"}});
}
const char* SourceName(KeySource source) { return source == KeySource::kMirror ? "mirror" : "coordinator"; }
Counter& KeyBytesCounter(MetricFactory& factory, KeySource source) {
  return factory.GetCounter("prooflode_miner_key_fetched_bytes_total",
                            "Bytes of keys that came over the network, those of no use included",
                            {{"source", SourceName(source)}});
}
Counter& KeyFailureCounter(MetricFactory& factory, KeySource source) {
  return factory.GetCounter("prooflode_miner_key_fetch_failures_total",
                            "Times that a source was asked for a key and did not give it",
                            {{"source", SourceName(source)}});
}
Gauge& StateGauge(MetricFactory& factory, size_t device, const std::string& state) {
  return factory.GetGauge("prooflode_miner_device_state", "1 for the state that the device is in",
                          {{"device", std::to_string(device)}, {"state", state}});
}

}  // namespace

MinerMetrics::MinerMetrics(MetricFactory& factory, size_t devices)
    : factory_(factory),
      connected_(factory.GetGauge("prooflode_miner_connected",
                                  "1 while a session with the coordinator stands",
                                  {{"endpoint", "primary"}})),
      offered_(factory.GetCounter("prooflode_miner_jobs_offered_total", "Offers received",
                                  {{"proof_system", kProved.at("proof_system")}})),
      proof_duration_(factory.GetHistogram(
          "prooflode_miner_proof_duration_seconds", "From the files being here to a verified proof",
          ExponentialBuckets(0.005, 2, 18), With(kProved, "backend", kBackend))),
      race_gap_(factory.GetHistogram("prooflode_miner_race_gap_seconds",
                                     "How far behind the winner our commit was, in lost races",
                                     ExponentialBuckets(0.001, 2.5, 13))),
      race_margin_(factory.GetHistogram("prooflode_miner_race_margin_seconds",
                                        "How far ahead of the next valid proof our commit was, in won races",
                                        ExponentialBuckets(0.001, 2.5, 13))),
      cache_bytes_(
          factory.GetGauge("prooflode_miner_cache_bytes", "Size of the cache of keys and witnesses")),
      cache_room_(factory.GetGauge("prooflode_miner_cache_room_bytes",
                                   "What the cache may hold: its quota, or what the disk has for it")),
      disk_free_(
          factory.GetGauge("prooflode_miner_disk_free_bytes", "Free bytes of the disk that holds the cache")),
      log_contradictions_(factory.GetCounter("prooflode_miner_log_contradictions_total",
                                             "Times that the coordinator signed what contradicts what it "
                                             "had signed, or did not show that it does not")) {
  for (const char* result : kResults) Attempts(result);
  for (const char* stage : kStages) Stage(stage);
  for (const Reason reason : kSkipReasons) SkipCounter(factory, reason);
  for (const auto reason : {WasteReason::kLostRace, WasteReason::kCancelled, WasteReason::kFailed}) {
    WasteCounter(factory, reason);
  }
  for (const auto reason : {StopReason::kFailures, StopReason::kDisk, StopReason::kMemory}) {
    Stopped(reason, false);
  }
  for (const auto source : {KeySource::kMirror, KeySource::kCoordinator}) {
    KeyBytesCounter(factory, source);
    KeyFailureCounter(factory, source);
  }
  for (const char* kind : {"zkey", "witness"}) {
    CacheCounter(factory, kind, false);
    CacheCounter(factory, kind, true);
  }
  for (size_t device = 0; device < devices; ++device) {
    BusyCounter(factory, device);
    ResetCounter(factory, device);
    SelfVerifyCounter(factory, device);
    for (const auto kind :
         {DeviceErrorKind::kCrash, DeviceErrorKind::kHang, DeviceErrorKind::kInvalidProof}) {
      ErrorCounter(factory, device, kind);
    }
    DeviceState(device, "idle");
  }
}

void MinerMetrics::Stopped(StopReason reason, bool stopped) {
  factory_
      .GetGauge("prooflode_miner_stopped", "1 while no work is taken for this reason",
                {{"reason", StopReasonText(reason)}})
      .Set(stopped ? 1 : 0);
}

Counter& MinerMetrics::Attempts(const std::string& result) {
  return factory_.GetCounter("prooflode_miner_attempts_total", "Attempts that ended",
                             With(kProved, "result", result));
}

Histogram& MinerMetrics::Stage(const std::string& stage) {
  return factory_.GetHistogram("prooflode_miner_stage_duration_seconds", "Time of one stage of a job",
                               ExponentialBuckets(0.0005, 4, 10), {{"stage", stage}, {"backend", kBackend}});
}

void MinerMetrics::SetAsset(const std::string& asset) {
  if (rewards_.load() != nullptr) return;
  const bool is_name =
      !asset.empty() && asset.size() <= 64 && std::all_of(asset.begin(), asset.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
      });
  rewards_.store(&factory_.GetCounter("prooflode_miner_rewards_units_total",
                                      "Rewards, in the market's smallest unit",
                                      {{"asset", is_name ? asset : "other"}}));
}

void MinerMetrics::CallEnded(std::string_view method, std::string_view code, Micros duration) {
  factory_
      .GetHistogram("prooflode_miner_rpc_duration_seconds", "Unary calls to the coordinator, each try",
                    ExponentialBuckets(0.0005, 3, 10),
                    {{"method", std::string(method)}, {"code", std::string(code)}})
      .Observe(ToSeconds(duration));
}

void MinerMetrics::JobSkipped(Reason reason) { SkipCounter(factory_, reason).Increment(); }

void MinerMetrics::AttemptEnded(const action::ReportEnded& ended) {
  Attempts(ResultName(ended.state)).Increment();
  if (Counter* const rewards = rewards_.load(); rewards != nullptr && ended.state == AttemptState::kWon) {
    rewards->Increment(static_cast<double>(Count(ended.paid)));
  }
  if (!ended.margin) return;
  if (ended.state == AttemptState::kWon) race_margin_.Observe(ToSeconds(*ended.margin));
  if (ended.state == AttemptState::kLost) race_gap_.Observe(ToSeconds(*ended.margin));
}

void MinerMetrics::ProofFailed(bool job_at_fault) {
  Attempts(job_at_fault ? "unprovable" : "failed").Increment();
}

void MinerMetrics::Proof(const ProofTimes& t) {
  proof_duration_.Observe(t.total_ms() / 1000);
  Stage("load").Observe(t.load_ms / 1000);
  Stage("ntt").Observe(t.quotient_ms / 1000);
  Stage("msm_g1").Observe(t.msm_g1_ms / 1000);
  Stage("msm_g2").Observe(t.msm_g2_ms / 1000);
  Stage("finish").Observe(t.finish_ms / 1000);
  Stage("self_verify").Observe(t.verify_ms / 1000);
}

void MinerMetrics::Fetched(Micros duration) { Stage("fetch").Observe(ToSeconds(duration)); }

void MinerMetrics::Wasted(WasteReason reason, Micros duration) {
  WasteCounter(factory_, reason).Increment(ToSeconds(duration));
}

void MinerMetrics::SelfVerifyFailures(size_t device, uint32_t count) {
  SelfVerifyCounter(factory_, device).Increment(count);
  ErrorCounter(factory_, device, DeviceErrorKind::kInvalidProof).Increment(count);
}

void MinerMetrics::CacheRequest(const std::string& kind, bool hit) {
  CacheCounter(factory_, kind, hit).Increment();
}

void MinerMetrics::KeyBytes(KeySource source, uint64_t bytes) {
  KeyBytesCounter(factory_, source).Increment(static_cast<double>(bytes));
}

void MinerMetrics::KeyFailure(KeySource source) { KeyFailureCounter(factory_, source).Increment(); }

void MinerMetrics::SetDisk(uint64_t free, uint64_t room) {
  disk_free_.Set(static_cast<double>(free));
  cache_room_.Set(static_cast<double>(room));
}

void MinerMetrics::DeviceState(size_t device, const std::string& state) {
  for (const char* each : kDeviceStates) StateGauge(factory_, device, each).Set(state == each ? 1 : 0);
}

void MinerMetrics::DeviceInfo(size_t device, const std::string& name) {
  factory_
      .GetGauge("prooflode_miner_device_info", "1; the labels say what the device is",
                {{"device", std::to_string(device)}, {"name", name}, {"backend", kBackend}})
      .Set(1);
}

void MinerMetrics::DeviceProgress(size_t device, Micros wall) {
  factory_
      .GetGauge("prooflode_miner_device_last_progress_timestamp_seconds",
                "When the device last began or ended a proof, or was started",
                {{"device", std::to_string(device)}})
      .Set(ToSeconds(wall));
}

void MinerMetrics::DeviceError(size_t device, DeviceErrorKind kind) {
  ErrorCounter(factory_, device, kind).Increment();
}

void MinerMetrics::DeviceBusy(size_t device, Micros duration) {
  BusyCounter(factory_, device).Increment(ToSeconds(duration));
}

void MinerMetrics::WorkerReplaced(size_t device) { ResetCounter(factory_, device).Increment(); }

}  // namespace prooflode::miner
