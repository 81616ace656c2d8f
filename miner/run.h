// `prooflode-miner run` and `selftest`: puts the parts together.
#pragma once

#include "miner/config.h"

namespace prooflode::miner {

constexpr int kExitOk = 0;
constexpr int kExitError = 1;
constexpr int kExitUsage = 2;
constexpr int kExitNoDevice = 3;
constexpr int kExitSelfTestFailed = 4;
constexpr int kExitUnreachable = 6;
constexpr int kExitBadConfiguration = 78;

// What can be told of the settings without a network: URL, certificates and their keys.
Status CheckConfig(const Config& config);

// Runs until it is told to stop by SIGINT or SIGTERM; the exit status. `settings` tells where values came
// from.
int RunMiner(const Config& config, const Settings& settings);
int RunSelfTestCommand(const Config& config);

}  // namespace prooflode::miner
