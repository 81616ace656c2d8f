#include "coordinator/drain.h"

#include <future>
#include <memory>

#include "base/log.h"

namespace prooflode::coordinator {
namespace {

constexpr Micros kPoll = Millis(50);

size_t LiveAttempts(engine::Engine& engine) {
  auto count = std::make_shared<std::promise<size_t>>();
  auto counted = count->get_future();
  const Status refused =
      engine.Query([count](const market::Market& market) { count->set_value(market.LiveAttemptCount()); });
  return refused.ok() ? counted.get() : 0;
}

}  // namespace

void DrainMarket(api::Server& server, engine::Engine& engine, Clock& clock, Micros limit) {
  if (Count(limit) == 0) return;
  server.Drain(engine.Now() + limit);
  const Micros end = clock.MonotonicNow() + limit;
  size_t live = LiveAttempts(engine);
  if (live > 0)
    LogInfo("main", "stopping: %d attempts have %d s left to commit", live, Count(limit) / 1'000'000);
  while (live > 0 && clock.MonotonicNow() < end) {
    clock.Sleep(kPoll);
    live = LiveAttempts(engine);
  }
  if (live > 0)
    LogInfo("main", "%d attempts are under way still; they go on when the coordinator is back", live);
}

}  // namespace prooflode::coordinator
