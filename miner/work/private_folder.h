// Folders that only this user may look into.
#pragma once

#include <string>

#include "base/files.h"

namespace prooflode::miner {

// Creates `path` with mode 0700 unless it exists, and opens it. kPermissionDenied when it is not ours or when
// group or others have any right on it; a link in its place is refused.
StatusOr<UniqueFd> OpenPrivateFolder(const std::string& path);

}  // namespace prooflode::miner
