// The log as JSON lines, for auditors and other tools (docs/formats/log.md).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "coordinator/engine/ports.h"

namespace prooflode::coordinator {

struct ExportReport {
  uint64_t leaf_count = 0;  // written
  uint64_t tree_size = 0;   // leaves from the first to the last one written
};

// Writes the leaves from index `from` on to `fd`, one line each, as they stand when they are read; `name` is
// for errors. Every leaf's stored hash is held against its bytes: kDataLoss names the first that differs;
// kOutOfRange where the log has fewer than `from` leaves. Memory: a few hundred leaves.
StatusOr<ExportReport> ExportLog(const engine::Store& store, uint64_t from, int fd, std::string_view name);

}  // namespace prooflode::coordinator
