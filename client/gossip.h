// One round of comparing what this client was shown of a log with what others were.
#pragma once

#include <cstddef>

#include "client/log_client.h"
#include "client/log_view.h"

namespace prooflode::client {

// Takes the coordinator's newest checkpoint, puts it where others see it, and holds up to `most` of theirs
// against what is known. How many were compared; kDataLoss for the first contradiction, which is kept
// (client/log_view.h). Other errors: this round told nothing.
StatusOr<size_t> Gossip(LogClient& client, LogView& view, const transparency::LogKeys& log, size_t most,
                        const CallOptions& call = {});

}  // namespace prooflode::client
