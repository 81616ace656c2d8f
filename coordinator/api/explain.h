// What happened to one job, read from the leaves of the log: the answer to ExplainJob. Nothing is kept for
// it: the log has it all.
#pragma once

#include "base/status.h"
#include "coordinator/engine/ports.h"
#include "coordinator/market/types.h"
#include "prooflode/v1/market_service.pb.h"

namespace prooflode::api {

// Adds what this leaf did to the job as a step; nothing for a leaf that does not speak of it. kDataLoss for
// bytes that are no leaf.
Status AddStep(const transparency::Leaf& leaf, const market::JobId& job, v1::ExplainJobResponse* response);

// The first leaf whose time is not before `time`, of `leaf_count`; `leaf_count` when there is none. Some
// twenty reads of one leaf.
StatusOr<uint64_t> FirstLeafAt(const engine::Store& store, Micros time, uint64_t leaf_count);

// Adds the steps of the leaves from `from` to `last`, and sets next_leaf_index where it stops before: after
// 50,000 leaves, 500 steps, or a megabyte of them.
Status AddSteps(const engine::Store& store, const market::JobId& job, uint64_t from, uint64_t last,
                v1::ExplainJobResponse* response);

}  // namespace prooflode::api
