// Whether results can be written, asked before the work that makes them.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace prooflode::cli {

// Whether each of `paths` could be replaced or written to now (empty ones are skipped); the error is that of
// writing. Nothing is changed. A pipe is not opened: its reader would take that for the result.
Status CheckOutputs(const std::vector<std::string>& paths);

}  // namespace prooflode::cli
