// The coordinator as a running program: opens everything, serves until a signal, ends cleanly.
#pragma once

#include "coordinator/config.h"

namespace prooflode::coordinator {

enum ExitCode : int { kExitOk = 0, kExitError = 1, kExitUsage = 2, kExitBadConfiguration = 78 };

// Returns kExitOk after SIGTERM or SIGINT, once nothing is under way any more; a second signal ends the
// process at once. What cannot be begun (coordinator/preflight.h) gives kExitBadConfiguration, and then
// nothing was written. Logs why. Call it from the main thread before any other thread exists.
ExitCode Run(const Config& config);

}  // namespace prooflode::coordinator
