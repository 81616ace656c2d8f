// The folder in which one miner at a time lives: key, cache, journal, and a lock that names its process.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/files.h"

namespace prooflode::miner {

// Creates the folder (0700) and takes its lock until the descriptor closes. kFailedPrecondition names the
// process that has it already.
StatusOr<UniqueFd> LockDataFolder(const std::string& folder);

// The process that holds the lock; kNotFound when no miner runs there.
StatusOr<pid_t> RunningMiner(const std::string& folder);

}  // namespace prooflode::miner
