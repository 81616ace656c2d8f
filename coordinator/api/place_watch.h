// Takes places from miners that have fallen silent: the holder of a lease or of a place in a race of some
// width that has not committed and of whom nothing was heard for Rules::silence_limit. The market decides;
// this only tells it. Whatever a session hears keeps a place, so nothing is logged while all is well.
#pragma once

#include "coordinator/api/sessions.h"
#include "coordinator/engine/engine.h"

namespace prooflode::api {

// About once a second, on the dispatcher's thread. Cost: linear in sessions and in places held.
void ReleaseSilentPlaces(engine::Engine& engine, const SessionRegistry& sessions, Micros silence_limit);

}  // namespace prooflode::api
