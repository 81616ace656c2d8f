// Curve points as snarkjs's sections hold them: affine, coordinates little-endian in Montgomery form,
// infinity all zeros. Read straight into the vectors that the prover uses, in parallel, every one checked.
#pragma once

#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/thread_pool.h"
#include "kernels/curve/bn254.h"
#include "prover/format/binfile.h"

namespace prooflode {

enum class InfinityRule { kAllowed, kRefused };

// What is wrong with a point (a coordinate not reduced, off the curve, infinity where refused), or "".
std::string_view PointDefect(const G1Affine& point, InfinityRule infinity);
std::string_view PointDefect(const G2Affine& point, InfinityRule infinity);

// The whole section, which must hold exactly `count` points; the error names the first bad one. `why`
// explains the count. kCancelled when the file's token is, which is polled every few milliseconds.
template <typename Point>
StatusOr<std::vector<Point>> ReadPoints(const BinFile& file, uint32_t id, size_t count, std::string_view why,
                                        InfinityRule infinity, ThreadPool& pool);

// Whether all points, each on the curve, lie in the subgroup of order r, by a test with random coefficients:
// a set that has a point outside passes with probability at most 2^-130. About ten additions a point.
// Once `cancel` is cancelled it returns soon, and what it returns says nothing.
bool AllInSubgroup(std::span<const G2Affine> points, Random& random, ThreadPool& pool,
                   const CancelToken* cancel = nullptr);

}  // namespace prooflode
