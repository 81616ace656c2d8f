// Tells people and collectors what the miner does: log lines, metrics, and the status that
// /api/v1/status shows. Thread-safe.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/mutex.h"
#include "miner/session/session.h"
#include "miner/ui/lines.h"
#include "miner/ui/miner_metrics.h"

namespace prooflode::miner {

// What stays the same while the miner runs.
struct Identity {
  std::string version;
  std::string miner_key;  // hexadecimal
  std::string coordinator;
  std::vector<std::string> devices;
};

class Reporter {
 public:
  // `clock` and `metrics` must outlive the object.
  Reporter(Identity identity, Clock& clock, MinerMetrics& metrics);

  void Connected(const std::string& market, const Money& money, Micros clock_offset);
  // `hopeless`: trying again will not help. That is said once as an error, and then every few minutes.
  void Disconnected(const std::string& why, bool hopeless = false);

  void Offered() { metrics_.JobOffered(); }
  void ProvingBegan(const JobId& job, size_t device);
  void ProvingEnded(const JobId& job, size_t device);
  void Proof(const JobId& job, size_t device, const ProofTimes& times);

  void Disk(const DiskState& disk);

  // The session's reports; other actions are none of its business.
  void Report(const action::ReportNewJob& report);
  void Report(const action::ReportSkipped& report);
  void Report(const action::ReportRefused& report);
  void Report(const action::ReportFailed& report);
  void Report(const action::ReportEnded& report);
  void Report(const action::ReportAside& report);
  void Report(const action::ReportBreaker& report);
  void Report(const action::ReportCoordinatorStops& report);

  // A copy of what the session is at; call after every change.
  void Observe(const Session& session);
  void LogTable();
  // The table, and how races were won and lost; at the end of a run.
  void LogSummary();
  // The status as one JSON object; docs/miner.md has its members.
  std::string StatusJson() const;

 private:
  struct DeviceState {
    DeviceRow row;
    std::deque<Micros> proofs;        // times of those of the last hour
    std::deque<double> durations_ms;  // the last kDurationsMax
    std::optional<JobId> job;
  };
  struct Work {
    size_t device = 0;
    Micros busy{};
    std::optional<Micros> began;
  };

  void Forget(const JobId& job, bool earned, WasteReason reason) PL_REQUIRES(mutex_);
  std::vector<DeviceRow> Rows() const PL_REQUIRES(mutex_);
  Margins MarginsNow() const PL_REQUIRES(mutex_);

  const Identity identity_;
  Clock& clock_;
  MinerMetrics& metrics_;
  const Micros started_;
  mutable Mutex mutex_;
  bool connected_ PL_GUARDED_BY(mutex_) = false;
  bool draining_ PL_GUARDED_BY(mutex_) = false;
  std::set<StopReason> stopped_for_ PL_GUARDED_BY(mutex_);
  std::string market_ PL_GUARDED_BY(mutex_);
  Money money_ PL_GUARDED_BY(mutex_);
  Micros clock_offset_ PL_GUARDED_BY(mutex_){};
  Amount earned_ PL_GUARDED_BY(mutex_){};
  std::deque<double> won_by_ms_ PL_GUARDED_BY(mutex_);  // the last kDurationsMax of either
  std::deque<double> lost_by_ms_ PL_GUARDED_BY(mutex_);
  std::string hopeless_ PL_GUARDED_BY(mutex_);  // why there is no session, as it was last said
  Micros hopeless_at_ PL_GUARDED_BY(mutex_){};
  std::optional<DiskState> disk_ PL_GUARDED_BY(mutex_);
  bool disk_low_ PL_GUARDED_BY(mutex_) = false;
  uint64_t unprovable_ PL_GUARDED_BY(mutex_) = 0;  // jobs whose files were no good
  std::vector<DeviceState> devices_ PL_GUARDED_BY(mutex_);
  std::map<JobId, Work> work_ PL_GUARDED_BY(mutex_);
  struct Skips {
    uint64_t count = 0;
    std::optional<Micros> shown_at;
  };
  std::map<std::string, Skips> skipped_ PL_GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> refused_ PL_GUARDED_BY(mutex_);  // places that we asked for, by reason
  std::map<std::string, uint64_t> lost_ PL_GUARDED_BY(mutex_);     // attempts that earned nothing, by reason
  std::vector<Session::RaceView> races_ PL_GUARDED_BY(mutex_);
  size_t offers_ PL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prooflode::miner
