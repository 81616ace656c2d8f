// The inner loops of multi-scalar multiplication and transform as operations on batches: one table of
// functions for each way of computing them, chosen once with the CPU path. Everything above (msm/, ntt/)
// calls through the table, so that a vector implementation needs no change there.
//
// Values go in and come out in the forms of kernels/field and kernels/curve, fully reduced; what an
// implementation uses between is its own affair. All functions may be called from many threads at once on
// distinct data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/curve/bn254.h"

namespace prooflode {

// A base point by index, with a sign: 2·index, plus 1 where the point is to be negated. index < 2^31.
using PointRef = uint32_t;

// One level of radix-4 butterflies over four rows of `length` elements (stride apart in the caller's array).
struct Radix4Rows {
  Fr* rows[4];
  size_t length;
  Fr outer;     // twiddle of the pairs (0,2) and (1,3)
  Fr inner[2];  // twiddles of the pairs (0,1) and (2,3)
};

// Blocks of a transform that are done at once have at most 2^kLogBlockMax elements: 256 KiB, in the L2 cache
// of every current processor. What implementations leave unreduced is reckoned with it.
inline constexpr int kLogBlockMax = 13;

struct BatchOps {
  // For every run r, sums[r] = Σ ±bases[ref] over refs[run_ends[r-1], run_ends[r]), with run_ends[-1] = 0; an
  // empty run gives infinity. run_ends ascends and ends with refs.size(). Equal, opposite and infinite points
  // are allowed. Stops early, with sums unspecified, once `cancel` (may be null) is cancelled. Cost: about
  // refs.size() affine additions at 6 products each with one inversion for thousands of them.
  void (*sum_runs_g1)(const G1Affine* bases, std::span<const PointRef> refs,
                      std::span<const uint32_t> run_ends, G1Affine* sums, const CancelToken* cancel);
  void (*sum_runs_g2)(const G2Affine* bases, std::span<const PointRef> refs,
                      std::span<const uint32_t> run_ends, G2Affine* sums, const CancelToken* cancel);

  // Σ (b + 1)·sums[b]; sums.size() is a power of two. Any points. Gives no useful point once `cancel` is
  // cancelled. Cost: two additions a bucket.
  G1Xyzz (*weigh_buckets_g1)(std::span<const G1Affine> sums, const CancelToken* cancel);
  G2Xyzz (*weigh_buckets_g2)(std::span<const G2Affine> sums, const CancelToken* cancel);

  // out[i] = a[i]·b[i]; out may be a or b.
  void (*multiply)(Fr* out, const Fr* a, const Fr* b, size_t count);
  // out[i] = a[i]·factor; out may be a.
  void (*multiply_by)(Fr* out, const Fr* a, const Fr& factor, size_t count);

  // Two levels at once of the transform from natural to bit-reversed order, (u, v) -> (u + t·v, u - t·v):
  // outer, then inner twiddles.
  void (*forward_radix4)(const Radix4Rows& rows);
  // Two levels at once of the way back, (u, v) -> (u + v, t·(u - v)): inner, then outer twiddles.
  void (*inverse_radix4)(const Radix4Rows& rows);
  // All remaining levels, at most kLogBlockMax, of the block with number `block` among those of 2^log_length
  // elements; twiddles[i] is the root's power with exponent i bit-reversed (kernels/ntt/ntt.h).
  void (*forward_block)(Fr* data, int log_length, const Fr* twiddles, size_t block);
  void (*inverse_block)(Fr* data, int log_length, const Fr* twiddles, size_t block);
};

// The table that works on one element at a time with the products of Fp::operator*; any machine.
const BatchOps& ScalarBatchOps();

}  // namespace prooflode
