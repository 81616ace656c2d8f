// What a miner measures of itself; names and labels in docs/miner.md. Thread-safe.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "miner/session/types.h"
#include "miner/ui/lines.h"

namespace prooflode::miner {

// Of what a device of the CPU can be told: its worker died or hung, or its proof did not verify.
enum class DeviceErrorKind { kCrash, kHang, kInvalidProof };
enum class KeySource { kMirror, kCoordinator };
enum class WasteReason { kLostRace, kCancelled, kFailed };

class MinerMetrics {
 public:
  // `factory` must outlive the object. Every series exists from the beginning, at zero.
  MinerMetrics(MetricFactory& factory, size_t devices);

  void SetConnected(bool connected) { connected_.Set(connected ? 1 : 0); }
  // The market is known: rewards show from now on, labelled with the first asset that a coordinator named
  // ("other" where that is no name of 1 to 64 letters, digits, '-', '_', '.').
  void SetAsset(const std::string& asset);
  void JobOffered() { offered_.Increment(); }
  void JobSkipped(Reason reason);
  void AttemptEnded(const action::ReportEnded& ended);
  void CallEnded(std::string_view method, std::string_view code, Micros duration);
  // No proof could be made: the device's fault, or the job's.
  void ProofFailed(bool job_at_fault);
  void Proof(const ProofTimes& times);
  void Fetched(Micros duration);
  void Wasted(WasteReason reason, Micros duration);
  void SelfVerifyFailures(size_t device, uint32_t count);
  void CacheRequest(const std::string& kind, bool hit);
  // Of a key that is fetched: bytes that came, and a source that could not or did not give it.
  void KeyBytes(KeySource source, uint64_t bytes);
  void KeyFailure(KeySource source);
  void SetCacheBytes(uint64_t bytes) { cache_bytes_.Set(static_cast<double>(bytes)); }
  // Free bytes of the disk, and how many of it the cache may hold.
  void SetDisk(uint64_t free, uint64_t room);
  // Whether no work is taken for this reason.
  void Stopped(StopReason reason, bool stopped);
  void DeviceState(size_t device, const std::string& state);
  // What the device is; it has made progress at `wall`, the time of the calendar.
  void DeviceInfo(size_t device, const std::string& name);
  void DeviceProgress(size_t device, Micros wall);
  void DeviceError(size_t device, DeviceErrorKind kind);
  void DeviceBusy(size_t device, Micros duration);
  void WorkerReplaced(size_t device);
  // The coordinator has signed what contradicts something else that it has signed.
  void LogContradicted() { log_contradictions_.Increment(); }

 private:
  Counter& Attempts(const std::string& result);
  Histogram& Stage(const std::string& stage);

  MetricFactory& factory_;
  Gauge& connected_;
  Counter& offered_;
  Histogram& proof_duration_;
  Histogram& race_gap_;
  Histogram& race_margin_;
  std::atomic<Counter*> rewards_{nullptr};
  Gauge& cache_bytes_;
  Gauge& cache_room_;
  Gauge& disk_free_;
  Counter& log_contradictions_;
};

}  // namespace prooflode::miner
