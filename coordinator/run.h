// The coordinator as a running program: opens everything, serves until a signal, ends cleanly.
#pragma once

#include "base/status.h"
#include "coordinator/config.h"

namespace prooflode::coordinator {

// Returns OK after SIGTERM or SIGINT, once nothing is under way any more; a second signal ends the process at
// once. Call it from the main thread before any other thread exists.
Status Run(const Config& config);

}  // namespace prooflode::coordinator
