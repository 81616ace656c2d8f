// How a multi-scalar multiplication is cut up: window width, number of windows, and chunks of points so that
// every thread has work. A pure function of counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace prooflode {

// How many scalars have each bit length; [0] counts zeros, which cost nothing.
using BitLengthCounts = std::array<uint64_t, 257>;

struct MsmPlan {
  int window_bits = 1;  // 1 to 16
  int windows = 1;      // window_bits·windows > the longest scalar
  size_t chunks = 1;    // parts into which the points are cut for each window
};

// The width with the least cost: one addition for each digit that the scalars reach, and for each chunk and
// window the running sums over 2^(window_bits-1) buckets. `threads` >= 1.
MsmPlan PlanMsm(const BitLengthCounts& counts, unsigned threads);

}  // namespace prooflode
