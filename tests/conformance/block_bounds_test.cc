// Blocks of transforms at the size that they are used in, of values that bring whatever an implementation
// leaves unreduced to its bounds. Oracle: the levels one butterfly after another.
#include <gtest/gtest.h>

#include "kernels/host/cpu_path.h"
#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::EdgeCanonicals;
using testing_values::ForEachCpuPath;
using testing_values::RandomCanonical;

// (u, v) -> (u + t·v, u - t·v) for the halves of a block.
void ForwardLevel(Fr* block, size_t half, const Fr& twiddle) {
  for (size_t i = 0; i < half; ++i) {
    const Fr product = block[half + i] * twiddle;
    block[half + i] = block[i] - product;
    block[i] += product;
  }
}
// (u, v) -> (u + v, t·(u - v)).
void InverseLevel(Fr* block, size_t half, const Fr& twiddle) {
  for (size_t i = 0; i < half; ++i) {
    const Fr difference = block[i] - block[half + i];
    block[i] += block[half + i];
    block[half + i] = difference * twiddle;
  }
}

void ExpectBothWays(const std::vector<Fr>& data, const std::vector<Fr>& twiddles, int log_length) {
  const size_t length = data.size();
  std::vector<Fr> forward = data, inverse = data;
  for (size_t blocks = 1; blocks < length; blocks *= 2) {
    const size_t part = length / blocks;
    for (size_t b = 0; b < blocks; ++b) ForwardLevel(&forward[b * part], part / 2, twiddles[b]);
  }
  for (size_t blocks = length / 2; blocks >= 1; blocks /= 2) {
    const size_t part = length / blocks;
    for (size_t b = 0; b < blocks; ++b) InverseLevel(&inverse[b * part], part / 2, twiddles[b]);
  }
  ForEachCpuPath([&](const std::string& path) {
    std::vector<Fr> values = data;
    CpuBatchOps().forward_block(values.data(), log_length, twiddles.data(), 0);
    ASSERT_EQ(values, forward) << path << ", forward, 2^" << log_length;
    values = data;
    CpuBatchOps().inverse_block(values.data(), log_length, twiddles.data(), 0);
    ASSERT_EQ(values, inverse) << path << ", inverse, 2^" << log_length;
  });
}

TEST(BlockBounds, AllTheSame) {
  Fr largest;
  fp_internal::Sub(largest.limbs, Fr::kModulus, {1, 0, 0, 0});
  for (const int log_length : {6, 7, 12, 13}) {
    const size_t length = size_t{1} << log_length;
    for (const Fr& twiddle : {largest, Fr::Zero(), Fr::One(), Fr{{1, 0, 0, 0}}}) {
      for (const Fr& value : {largest, Fr::Zero(), Fr{{1, 0, 0, 0}}}) {
        ExpectBothWays(std::vector<Fr>(length, value), std::vector<Fr>(length, twiddle), log_length);
      }
    }
  }
}

TEST(BlockBounds, EdgesAmongRandomValues) {
  SimRandom random(8);
  const std::vector<Limbs> edges = EdgeCanonicals<Fr>(random, 4);
  const auto values = [&](size_t count) {
    std::vector<Fr> made(count);
    for (Fr& value : made) {
      value.limbs = random.Below(2) == 0 ? edges[random.Below(edges.size())] : RandomCanonical<Fr>(random);
    }
    return made;
  };
  for (int log_length = 8; log_length <= 13; ++log_length) {
    const size_t length = size_t{1} << log_length;
    ExpectBothWays(values(length), values(length), log_length);
  }
}

}  // namespace
}  // namespace prooflode
