// Batch operations on eight elements at a time with AVX-512 IFMA.
#pragma once

#include "kernels/host/batch_ops.h"

namespace prooflode {

// For processors with HostCpuFeatures().avx512_ifma alone; elsewhere than on x86-64 the scalar table.
const BatchOps& IfmaBatchOps();

}  // namespace prooflode
