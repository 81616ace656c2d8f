#include "miner/agent.h"

#include <utility>

#include "base/log.h"
#include "miner/work/memory.h"

namespace prooflode::miner {
namespace {

constexpr Micros kTick = Millis(50);
constexpr Micros kTablePause = Seconds(60);
constexpr Micros kDiskPause = Seconds(5);
constexpr size_t kCallThreads = 4;

}  // namespace

Agent::Agent(const AgentOptions& options, client::Connection& connection, ArtifactCache& cache,
             Journal& journal, client::LogView& log_view, Reporter& reporter, MinerMetrics& metrics,
             Clock& clock, Random& random)
    : options_(options),
      connection_(connection),
      market_(connection),
      log_(connection),
      cache_(cache),
      journal_(journal),
      log_view_(log_view),
      reporter_(reporter),
      metrics_(metrics),
      clock_(clock),
      mirrors_(options.mirrors, clock, random),
      session_(options.session, random),
      proving_(options.session.devices),
      restarts_(options.session.devices),
      table_at_(clock.MonotonicNow() + kTablePause),
      calls_(kCallThreads),
      fetches_(options.session.devices) {}

Agent::~Agent() {
  for (auto& [job, fetching] : fetching_) fetching.cancel->Cancel();
  stream_.reset();
  calls_.Stop();
  fetches_.Stop();
  workers_.clear();
  // Nobody posts any more. What is left may hold streams, whose ends post in turn: not under the lock.
  std::deque<std::function<void()>> left;
  {
    MutexLock lock(mutex_);
    left.swap(queue_);
  }
}

Status Agent::Start() {
  PL_ASSIGN_OR_RETURN(const Journal::Content journal, journal_.Load());
  for (const std::string& name : journal.damaged) {
    LogWarning("miner", "journal record %s is damaged; kept as %s.damaged", name, name);
  }
  for (const CommitRecord& record : journal.records) session_.Restore(record);
  for (const JobId& job : journal.jobs) session_.RestoreJob(job);
  if (journal.place) {
    session_.RestorePlace(journal.place->place);
    place_of_ = journal.place->coordinator;
  }
  if (!journal.records.empty()) {
    LogInfo("miner", "%d commits of an earlier run may still be revealed", journal.records.size());
  }
  for (size_t device = 0; device < options_.session.devices; ++device) {
    const auto on_result = [this, device](const WorkerResult& result) {
      Post([this, device, result] { OnResult(device, result); });
    };
    PL_ASSIGN_OR_RETURN(auto worker, WorkerProcess::Start(options_.worker, clock_, on_result));
    workers_.push_back(std::move(worker));
  }
  return absl::OkStatus();
}

void Agent::Run() {
  MeasureDisk();
  Micros tick_at{};
  while (!finished_) {
    if (auto closure = Next()) (*closure)();
    // By time, whatever is queued: a busy coordinator must not stop the clock.
    const Micros now = clock_.MonotonicNow();
    if (finished_ || now < tick_at) continue;
    tick_at = now + kTick;
    Feed(event::Tick{});
    Housekeeping();
  }
}

void Agent::Drain() {
  Post([this] {
    LogInfo("miner", "stopping: no more work is taken, what is under way is finished or given back");
    Feed(event::Drain{});
  });
}

void Agent::Post(std::function<void()> closure) {
  MutexLock lock(mutex_);
  queue_.push_back(std::move(closure));
  changed_.NotifyOne();
}

std::optional<std::function<void()>> Agent::Next() {
  MutexLock lock(mutex_);
  if (queue_.empty()) changed_.WaitFor(mutex_, std::chrono::microseconds(Count(kTick)));
  if (queue_.empty()) return std::nullopt;
  std::function<void()> closure = std::move(queue_.front());
  queue_.pop_front();
  return closure;
}

void Agent::Feed(const Event& event) {
  for (const Action& action : session_.Handle(clock_.MonotonicNow(), event)) {
    std::visit([this](const auto& a) { Do(a); }, action);
  }
  reporter_.Observe(session_);
}

void Agent::Housekeeping() {
  metrics_.SetCacheBytes(cache_.bytes());
  for (size_t device = 0; device < workers_.size(); ++device) {
    for (const int now = workers_[device]->restarts(); restarts_[device] < now; ++restarts_[device]) {
      metrics_.WorkerReplaced(device);
    }
  }
  const Micros now = clock_.MonotonicNow();
  if (now >= disk_at_) {
    MeasureDisk();
    MeasureMemory();
  }
  GossipIfDue(now);
  NoticeReachable();
  if (now < table_at_) return;
  table_at_ = now + kTablePause;
  reporter_.LogTable();
}

void Agent::NoticeReachable() {
  if (stream_ != nullptr) {
    reachable_ = true;
    return;
  }
  const bool now = connection_.IsReachable();
  if (now && !reachable_) Feed(event::Reachable{});
  reachable_ = now;
}

void Agent::MeasureDisk() {
  disk_at_ = clock_.MonotonicNow() + kDiskPause;
  const StatusOr<ArtifactCache::Space> space = cache_.Measure();
  if (!space.ok()) return LogWarning("miner", "disk: %s", std::string(space.status().message()));
  const CacheOptions& limits = cache_.options();
  reporter_.Disk({space->disk_free, limits.free_bytes_min, space->room, limits.quota_bytes, space->deleted});
  Feed(event::FilesRoom{space->room});
}

void Agent::MeasureMemory() {
  const std::optional<uint64_t> free = AvailableMemory();
  if (!free || options_.free_memory_min == 0) return;
  // It is over once there is a good deal more, or the miner would stop and go on all the time.
  const uint64_t enough = options_.free_memory_min / 4 * (memory_low_ ? 5 : 4);
  const bool low = *free < enough;
  if (low == memory_low_) return;
  memory_low_ = low;
  LogInfo("miner", "memory: %d MB available, want %d", *free / 1'000'000, enough / 1'000'000);
  Feed(event::MemoryLow{low});
}

}  // namespace prooflode::miner
