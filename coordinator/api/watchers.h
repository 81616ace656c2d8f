// Who watches which job, without the network. A watcher is given the job as it is and then every later
// revision; what comes faster than it reads is merged into the newest, so that a watcher costs one message
// and never loses the end. Not thread-safe: lives on the dispatcher's thread.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "base/status.h"
#include "coordinator/market/types.h"
#include "prooflode/v1/market_service.pb.h"

namespace prooflode::api {

class JobWatcher {
 public:
  virtual ~JobWatcher() = default;
  // The newest state, higher revision than any before. Never blocks.
  virtual void Update(const v1::Job& job) = 0;
  virtual void End(const Status& status) = 0;
  // True when what was written has not been taken for `patience`.
  virtual bool IsStuck(Micros now, Micros patience) const = 0;
};

constexpr bool IsFinal(v1::JobState state) { return state >= v1::JOB_STATE_WON; }

class WatcherRegistry {
 public:
  explicit WatcherRegistry(MetricFactory& metrics);

  // `job` is the state as of the last event given to this registry; nothing up to `after_revision` is sent.
  // Ends at once when the job is final.
  void Open(const market::Identity& identity, const v1::Job& job, uint64_t after_revision,
            std::shared_ptr<JobWatcher> watcher);
  void Closed(const market::JobId& job, const JobWatcher* watcher);
  bool IsWatched(const market::JobId& job) const { return watchers_.contains(job); }
  void JobChanged(const v1::Job& job);
  // Ends watchers that do not read.
  void CheckLiveness(Micros now);
  void EndAll(const Status& status);

  static constexpr size_t kPerIdentityMax = 1000;

 private:
  struct Watch {
    market::Identity identity{};
    std::shared_ptr<JobWatcher> watcher;
    uint64_t revision = 0;  // the last one given
  };
  void Forget(const Watch& watch);

  Gauge& count_;
  std::map<market::JobId, std::vector<Watch>> watchers_;
  std::map<market::Identity, size_t> per_identity_;
  size_t total_ = 0;
};

}  // namespace prooflode::api
