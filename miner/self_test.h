// Proves a small circuit of our own through a real worker process and checks the proof here.
#pragma once

#include <string>

#include "base/env.h"
#include "base/status.h"
#include "miner/worker/worker_process.h"

namespace prooflode::miner {

struct SelfTestResult {
  size_t constraints = 0;
  double prove_ms = 0;
  double verify_ms = 0;
};

// Files go into `folder`/selftest, which is deleted afterwards. Any error means that this machine cannot
// prove.
StatusOr<SelfTestResult> RunSelfTest(const WorkerOptions& worker, const std::string& folder, Clock& clock,
                                     Random& random);

}  // namespace prooflode::miner
