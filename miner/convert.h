// Between the protocol's messages and the session's values. What the coordinator sends is checked here:
// lengths of ids and digests, and limits.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "miner/session/types.h"
#include "prooflode/v1/miner_service.pb.h"

namespace prooflode::miner {

inline constexpr uint32_t kProtocolVersion = 1;

inline std::string Bytes(ByteSpan bytes) { return std::string(AsChars(bytes)); }

// The event that a message of the stream is; kDataLoss names the field that makes no sense.
StatusOr<Event> ToEvent(const v1::SessionResponse& message);
StatusOr<AttemptRef> ToAttempt(const v1::Attempt& attempt);
Reason ToReason(v1::Reason reason);
v1::Reason FromReason(Reason reason);
// As much of an attempt as commits and receipts are made of.
v1::Attempt FromAttempt(const AttemptRef& attempt);

}  // namespace prooflode::miner
