// SHA-256 of the beginning of an open file, a bounded piece at a time.
#pragma once

#include <string_view>

#include "base/crypto.h"
#include "base/status.h"
#include "base/thread_pool.h"

namespace prooflode {

// Feeds bytes [0, bytes) of `fd` to `hash`. kDataLoss when the file is shorter, kCancelled when `cancel` (may
// be nullptr), looked at once a MiB, says so. `name` is for messages.
Status HashFile(int fd, uint64_t bytes, std::string_view name, const CancelToken* cancel, Sha256Stream& hash);

}  // namespace prooflode
