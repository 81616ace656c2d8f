// Σ (b + 1)·sums[b] over a power of two of buckets, by running sums from the top. Many segments of the
// buckets go down at once, so that their additions are independent and can be done as affine batches; the
// segments are put together with the same trick one level up.
#pragma once

#include <bit>
#include <span>
#include <vector>

#include "kernels/host/batch_ops.h"
#include "kernels/host/scalar_batch_add.h"

namespace prooflode {

namespace weigh_internal {

constexpr size_t kMinSegments = 16;  // fewer do not pay for an inversion each step
constexpr size_t kMaxSegments = 256;

// Σ (b + 1)·sums[b] one after the other; Σ sums[b] as well.
template <typename F>
struct Weighed {
  XyzzPoint<F> plain;
  XyzzPoint<F> weighted;
};
template <typename F>
Weighed<F> WeighPlainly(std::span<const AffinePoint<F>> sums) {
  Weighed<F> result;
  for (size_t b = sums.size(); b-- > 0;) {
    result.plain = result.plain + sums[b];
    result.weighted = result.weighted + result.plain;
  }
  return result;
}

}  // namespace weigh_internal

// Contract: BatchOps::weigh_buckets_g1. Adder: BatchAdder, or what has its interface.
template <typename F, typename Adder>
XyzzPoint<F> WeighBuckets(std::span<const AffinePoint<F>> sums, const CancelToken* cancel) {
  using weigh_internal::kMaxSegments;
  using weigh_internal::kMinSegments;
  // About as many segments as buckets in each.
  const size_t segments = std::min(kMaxSegments, size_t{1} << (std::bit_width(sums.size()) / 2));
  if (segments < kMinSegments) return weigh_internal::WeighPlainly(sums).weighted;
  const size_t length = sums.size() / segments;
  // [0, s) running sums of the segments, [s, 2s) their weighted sums, [2s, 3s) the next buckets.
  std::vector<AffinePoint<F>> points(3 * segments);
  std::vector<PointPair> add_bucket(segments), add_running(segments);
  Adder adder(segments);
  for (size_t b = length; b-- > 0;) {
    if (IsCancelled(cancel)) return {};
    for (uint32_t s = 0; s < segments; ++s) {
      const uint32_t running = s;
      const uint32_t weighted = static_cast<uint32_t>(segments) + s;
      const uint32_t bucket = static_cast<uint32_t>(2 * segments) + s;
      points[bucket] = sums[s * length + b];
      add_bucket[s] = {running, bucket};
      add_running[s] = {weighted, running};
    }
    adder.AddPairs(points, add_bucket);
    adder.AddPairs(points, add_running);
  }
  // Bucket b of segment s weighs s·length + b + 1.
  XyzzPoint<F> total;
  for (size_t s = 0; s < segments; ++s) total = total + points[segments + s];
  XyzzPoint<F> by_segment =
      weigh_internal::WeighPlainly(std::span<const AffinePoint<F>>(points).subspan(1, segments - 1)).weighted;
  for (size_t i = 1; i < length; i *= 2) by_segment = by_segment.Double();
  return total + by_segment;
}

}  // namespace prooflode
