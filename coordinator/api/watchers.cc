#include "coordinator/api/watchers.h"

#include <algorithm>
#include <utility>

#include "coordinator/api/convert.h"

namespace prooflode::api {
namespace {

constexpr Micros kPatience = Seconds(30);

}  // namespace

WatcherRegistry::WatcherRegistry(MetricFactory& metrics)
    : count_(metrics.GetGauge("prooflode_coordinator_watchers", "Open job watches")) {}

void WatcherRegistry::Open(const market::Identity& identity, const v1::Job& job, uint64_t after_revision,
                           std::shared_ptr<JobWatcher> watcher) {
  if (job.revision() > after_revision) watcher->Update(job);
  if (IsFinal(job.state())) return watcher->End(absl::OkStatus());
  size_t& mine = per_identity_[identity];
  if (mine >= kPerIdentityMax) {
    return watcher->End(absl::ResourceExhaustedError(absl::StrCat("watches: ", mine, " is the limit a key")));
  }
  ++mine;
  ++total_;
  count_.Set(static_cast<double>(total_));
  watchers_[IdOf<market::JobId>(job.job_id())].push_back(
      {identity, std::move(watcher), std::max(job.revision(), after_revision)});
}

void WatcherRegistry::Forget(const Watch& watch) {
  const auto mine = per_identity_.find(watch.identity);
  if (--mine->second == 0) per_identity_.erase(mine);
  --total_;
  count_.Set(static_cast<double>(total_));
}

void WatcherRegistry::Closed(const market::JobId& job, const JobWatcher* watcher) {
  const auto it = watchers_.find(job);
  if (it == watchers_.end()) return;
  std::erase_if(it->second, [&](const Watch& watch) {
    if (watch.watcher.get() != watcher) return false;
    Forget(watch);
    return true;
  });
  if (it->second.empty()) watchers_.erase(it);
}

void WatcherRegistry::JobChanged(const v1::Job& job) {
  const auto it = watchers_.find(IdOf<market::JobId>(job.job_id()));
  if (it == watchers_.end()) return;
  for (Watch& watch : it->second) {
    if (job.revision() <= watch.revision) continue;
    watch.revision = job.revision();
    watch.watcher->Update(job);
  }
  if (!IsFinal(job.state())) return;
  for (const Watch& watch : it->second) {
    watch.watcher->End(absl::OkStatus());
    Forget(watch);
  }
  watchers_.erase(it);
}

void WatcherRegistry::CheckLiveness(Micros now) {
  std::vector<std::pair<market::JobId, JobWatcher*>> stuck;
  for (const auto& [job, watches] : watchers_) {
    for (const Watch& watch : watches) {
      if (watch.watcher->IsStuck(now, kPatience)) stuck.emplace_back(job, watch.watcher.get());
    }
  }
  for (const auto& [job, watcher] : stuck) {
    watcher->End(absl::ResourceExhaustedError("the watcher does not read; resume with after_revision"));
    Closed(job, watcher);
  }
}

void WatcherRegistry::EndAll(const Status& status) {
  for (const auto& [job, watches] : watchers_) {
    for (const Watch& watch : watches) watch.watcher->End(status);
  }
  watchers_.clear();
  per_identity_.clear();
  total_ = 0;
  count_.Set(0);
}

}  // namespace prooflode::api
