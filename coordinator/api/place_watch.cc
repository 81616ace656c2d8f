#include "coordinator/api/place_watch.h"

#include <utility>

namespace prooflode::api {

void ReleaseSilentPlaces(engine::Engine& engine, const SessionRegistry& sessions, Micros silence_limit) {
  auto heard = sessions.HeardWithin(silence_limit);
  if (!heard) return;
  // A read that is refused is made up for by the next one. It runs on the engine's thread, so the engine
  // lives.
  (void)engine.Read([&engine, silence_limit, heard = *std::move(heard)](const market::Market& market) {
    const Micros now = engine.Now();
    for (const market::PlaceHolder& holder : market.PlaceHolders()) {
      // The call that asked for the place was a sign of life too.
      if (now - holder.admitted_at < silence_limit || heard.contains(holder.miner)) continue;
      engine.Offer({}, market::HolderSilent{holder.attempt}, {}, [](const StatusOr<engine::Answered>&) {});
    }
  });
}

}  // namespace prooflode::api
