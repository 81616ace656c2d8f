#include "coordinator/drain.h"

#include <atomic>
#include <memory>

#include "base/log.h"

namespace prooflode::coordinator {
namespace {

constexpr Micros kPoll = Millis(50);

// Live attempts, and candidacies: who is told withdraws those, and must get through to do so.
struct UnderWay {
  std::atomic<bool> known{false};
  std::atomic<size_t> count{0};
};

// Asks anew; the answer comes on the engine's thread, or never from one that fails. False once it has
// stopped.
bool Ask(engine::Engine& engine, const std::shared_ptr<UnderWay>& under_way) {
  const Status refused = engine.Query([under_way](const market::Market& market) {
    under_way->count = market.LiveAttemptCount() + market.candidacies().size();
    under_way->known = true;
  });
  return !absl::IsUnavailable(refused);
}

}  // namespace

void DrainMarket(api::Server& server, engine::Engine& engine, Clock& clock, Micros limit) {
  if (Count(limit) == 0) return;
  server.Drain(engine.Now() + limit);
  const Micros end = clock.MonotonicNow() + limit;
  const auto under_way = std::make_shared<UnderWay>();
  bool told = false;
  while (Ask(engine, under_way)) {
    clock.Sleep(kPoll);
    if (under_way->known && under_way->count == 0) return;
    if (clock.MonotonicNow() >= end) {
      LogInfo("main", "%d attempts are under way still; they go on when the coordinator is back",
              under_way->count.load());
      return;
    }
    if (under_way->known && !told) {
      told = true;
      LogInfo("main", "stopping: %d attempts have %d s left to commit", under_way->count.load(),
              Count(limit) / 1'000'000);
    }
  }
}

}  // namespace prooflode::coordinator
