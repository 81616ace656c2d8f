// Which code computes on this processor. A path is a name, a field multiplication leaf and a table of batch
// operations: "portable" runs anywhere, "adx" needs x86-64 with BMI2 and ADX, "ifma" AVX-512 IFMA as well.
// The best supported path is in force from the start.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "kernels/host/batch_ops.h"

namespace prooflode {

// Names of the paths this machine and build can run, slowest first; "portable" always is one.
std::vector<std::string_view> SupportedCpuPaths();

// The path in force.
std::string_view CpuPathName();
const BatchOps& CpuBatchOps();

// Puts a path in force by name. kInvalidArgument for a name that does not exist, kFailedPrecondition for one
// that this machine or build cannot run; both name those it can. Not while another thread computes: call it
// at start.
Status SetCpuPath(std::string_view name);

}  // namespace prooflode
