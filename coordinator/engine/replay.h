// Replays the log from its first leaf and compares: the state that the commands give with the stored rows,
// every leaf's hash and outcome, every proof, and every transfer, with what is stored. What an operator runs
// after a doubt.
#pragma once

#include <functional>

#include "base/status.h"
#include "coordinator/engine/ports.h"

namespace prooflode::engine {

struct ReplayReport {
  uint64_t leaf_count = 0;
  Digest root{};
  uint64_t circuit_count = 0;
  uint64_t job_count = 0;
  uint64_t transfer_count = 0;
  uint64_t proof_count = 0;  // that were revealed and are there, each with the hash that its leaf says
  uint64_t deleted_proof_count = 0;  // that were revealed and deleted by the rules
};

// kDataLoss names the first leaf that cannot be, or the first difference. Needs nothing beside the store: the
// rules are in the log. The store must not change meanwhile. `judge`, if any, is shown the state where
// nothing is wrong. Cost: time and memory of the whole history.
StatusOr<ReplayReport> CheckByReplay(Store& store,
                                     const std::function<void(const market::Market&)>& judge = {});

}  // namespace prooflode::engine
