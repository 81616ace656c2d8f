// The time between being told to stop and stopping: miners are told, begin nothing, and commit what they
// have.
#pragma once

#include "base/env.h"
#include "coordinator/api/server.h"
#include "coordinator/engine/engine.h"

namespace prooflode::coordinator {

// Returns once no attempt is live and nobody waits for a draw, after `limit`, or when the engine has stopped.
// Zero: at once, and nobody is told.
void DrainMarket(api::Server& server, engine::Engine& engine, Clock& clock, Micros limit);

}  // namespace prooflode::coordinator
