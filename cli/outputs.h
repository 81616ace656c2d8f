// Whether results can be written, asked before the work that makes them.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace prooflode::cli {

// Whether each of `outputs` could be replaced or written to now (empty ones are skipped); the error is that
// of writing. None may be the file of another output or of one of `inputs`, which the command reads, by
// another spelling or through links neither: that is marked with Usage. Pipes and devices may be shared.
// Nothing is changed. A pipe is not opened: its reader would take that for the result.
Status CheckOutputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs);

}  // namespace prooflode::cli
