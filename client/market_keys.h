// The keys of a market's log as its coordinator names them, checked.
#pragma once

#include "base/status.h"
#include "prooflode/v1/auth_service.pb.h"
#include "transparency/log_keys.h"

namespace prooflode::client {

// kDataLoss for an answer that is malformed, or whose handovers do not lead to the coordinator's key.
StatusOr<transparency::LogKeys> KeysOf(const v1::GetMarketResponse& market);

}  // namespace prooflode::client
