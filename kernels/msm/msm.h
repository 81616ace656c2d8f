// Multi-scalar multiplication: sum of scalars[i]·bases[i] over G1 or G2 of BN254.
//
// Scalars are canonical integers below r, four little-endian limbs (witness values as they stand in a .wtns
// file). Bases may be infinity or repeat. bases.size() == scalars.size(), any length including 0. Cost: about
// n·254/window group additions; memory: at most
// 4 bytes, 2 a window and 4 a thread for each scalar that is neither 0 nor ±1. A cancelled call returns some
// point, to be thrown away.
#pragma once

#include <span>

#include "base/thread_pool.h"
#include "kernels/curve/bn254.h"

namespace prooflode {

struct MsmOptions {
  const CancelToken* cancel = nullptr;  // polled at least every few milliseconds
};

G1Xyzz MsmG1(std::span<const G1Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
             const MsmOptions& options = {});
G2Xyzz MsmG2(std::span<const G2Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
             const MsmOptions& options = {});

}  // namespace prooflode
