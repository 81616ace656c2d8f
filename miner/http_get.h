// Asks a miner on this machine for its status.
#pragma once

#include <string>

#include "base/status.h"

namespace prooflode::miner {

// The body of GET http://`listen``path`; `listen` is HOST:PORT with a numeric host. kUnavailable when nobody
// answers within two seconds a step, kUnknown for an answer other than 200. Bodies of at most 1 MiB.
StatusOr<std::string> HttpGet(const std::string& listen, const std::string& path);

}  // namespace prooflode::miner
