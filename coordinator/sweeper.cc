#include "coordinator/sweeper.h"

#include "base/log.h"
#include "base/mutex.h"

namespace prooflode::coordinator {
namespace {

constexpr std::chrono::minutes kSweepInterval(10);
constexpr int64_t kHour = 3600;
constexpr size_t kProofsAtOnce = 256;  // commits wait meanwhile

}  // namespace

// Shared with what runs on the engine's thread, which may be after the sweeper is gone.
struct Sweeper::State {
  Mutex mutex;
  CondVar wake;
  bool stopping PL_GUARDED_BY(mutex) = false;
};

struct Sweeper::Needs {
  std::map<Digest, Micros> artifacts;
  engine::ExpiredProofs proofs;
};

Sweeper::Sweeper(const Config::Retention& retention, const Parts& parts)
    : retention_(retention),
      parts_(parts),
      deleted_proofs_(parts.metrics.GetCounter("prooflode_coordinator_proofs_deleted_total",
                                               "Proofs deleted because their time was over")),
      state_(std::make_shared<State>()),
      thread_([this] { Work(); }) {}

Sweeper::~Sweeper() {
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->wake.NotifyAll();
  }
  thread_.join();
}

// Runs `question` on the engine's thread and waits; nullopt where the engine does not take it, or the sweeper
// is to stop.
template <typename Answer, typename Question>
std::optional<Answer> Sweeper::Ask(Question question) {
  const auto box = std::make_shared<std::optional<Answer>>();
  const Status asked = parts_.engine.Query(
      [state = state_, box, question = std::move(question)](const market::Market& market) {
        Answer answer = question(market);
        MutexLock lock(state->mutex);
        box->emplace(std::move(answer));
        state->wake.NotifyAll();
      });
  if (!asked.ok()) {
    LogWarning("sweep", "put off: %s", std::string(FromSv(asked.message())));
    return std::nullopt;
  }
  MutexLock lock(state_->mutex);
  while (!state_->stopping && !*box) state_->wake.WaitFor(state_->mutex, kSweepInterval);
  if (state_->stopping) return std::nullopt;
  return std::move(*box);
}

void Sweeper::SweepArtifacts(const std::map<Digest, Micros>& keep) {
  const Micros unused = Seconds(static_cast<int64_t>(retention_.unused_upload_hours) * kHour);
  const size_t count = parts_.artifacts.Sweep(keep, unused);
  if (count > 0) LogInfo("artifacts", "deleted %d files that nothing needs any more", count);
}

void Sweeper::SweepProofs(engine::ExpiredProofs expired) {
  size_t done = 0;
  while (done < expired.proofs.size()) {
    // Jobs that ended at one time go together: what is on disk then says how far we came.
    std::vector<market::LeafIndex> part;
    Micros ended{};
    for (; done < expired.proofs.size(); ++done) {
      if (part.size() >= kProofsAtOnce && expired.proofs[done].ended != ended) break;
      ended = expired.proofs[done].ended;
      part.push_back(expired.proofs[done].leaf);
    }
    const Micros kept_from = ended + Micros{1};
    const auto deleted = Ask<Status>([&store = parts_.store, part, kept_from](const market::Market&) {
      return store.DeleteProofs(kept_from, part);
    });
    if (!deleted) return;
    if (!deleted->ok()) {
      return LogWarning("sweep", "proofs stay for now: %s", std::string(FromSv(deleted->message())));
    }
    deleted_proofs_.Increment(static_cast<double>(part.size()));
    proofs_swept_ = kept_from;
  }
  if (done > 0) LogInfo("sweep", "deleted %d proofs whose time was over", done);
}

// False when the sweeper is to stop.
bool Sweeper::Pause() {
  MutexLock lock(state_->mutex);
  if (!state_->stopping) state_->wake.WaitFor(state_->mutex, kSweepInterval);
  return !state_->stopping;
}

void Sweeper::Work() {
  const Micros kept = Seconds(static_cast<int64_t>(retention_.witness_hours) * kHour);
  // What an earlier run has deleted; all of it again where that cannot be read.
  proofs_swept_ = parts_.store.LoadProofsKeptFrom().value_or(Micros{});
  do {
    auto needs =
        Ask<Needs>([kept, &engine = parts_.engine, since = proofs_swept_](const market::Market& market) {
          return Needs{KeepUntil(market, kept), engine::FindExpiredProofs(market, engine.Now(), since)};
        });
    if (!needs) continue;
    SweepArtifacts(needs->artifacts);
    SweepProofs(std::move(needs->proofs));
  } while (Pause());
}

}  // namespace prooflode::coordinator
