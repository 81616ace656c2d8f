#include "kernels/msm/plan.h"

#include <algorithm>
#include <limits>

namespace prooflode {

namespace {

// Two additions in smaller batches, and the bucket's share of sorting, in units of an addition in a large
// batch.
constexpr double kBucketCost = 2.3;
// Tasks a thread should have for the load to balance.
constexpr size_t kTasksPerThread = 4;
// A chunk of fewer points is not worth its buckets.
constexpr size_t kMinChunk = 256;

int Windows(int bits, int window_bits) { return bits / window_bits + 1; }

}  // namespace

MsmPlan PlanMsm(const BitLengthCounts& counts, unsigned threads) {
  int longest = 0;
  size_t total = 0;
  for (int bits = 1; bits < static_cast<int>(counts.size()); ++bits) {
    if (counts[bits] != 0) longest = bits;
    total += counts[bits];
  }
  MsmPlan best;
  double best_cost = std::numeric_limits<double>::max();
  for (int window_bits = 1; window_bits <= 16; ++window_bits) {
    MsmPlan plan{window_bits, Windows(longest, window_bits), 1};
    if (threads > 1) {
      const size_t wanted = (kTasksPerThread * threads + plan.windows - 1) / plan.windows;
      plan.chunks = std::clamp<size_t>(total / kMinChunk, 1, wanted);
    }
    double cost = kBucketCost * static_cast<double>(plan.windows) * static_cast<double>(plan.chunks) *
                  static_cast<double>(size_t{1} << (window_bits - 1));
    for (int bits = 1; bits <= longest; ++bits)
      cost += static_cast<double>(counts[bits]) * Windows(bits, window_bits);
    if (cost < best_cost) {
      best_cost = cost;
      best = plan;
    }
  }
  return best;
}

}  // namespace prooflode
