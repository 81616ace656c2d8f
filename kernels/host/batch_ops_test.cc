// Every path's table of batch operations against the definitions, one element at a time.
#include "kernels/host/batch_ops.h"

#include <gtest/gtest.h>

#include <bit>

#include "kernels/host/cpu_path.h"
#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::ConsecutiveMultiples;
using testing_values::EdgeCanonicals;
using testing_values::RandomCanonical;

// Edge values among random ones, in a random order.
std::vector<Fr> Values(SimRandom& random, size_t count) {
  const std::vector<Limbs> edges = EdgeCanonicals<Fr>(random, 4);
  std::vector<Fr> values(count);
  for (Fr& value : values) {
    value.limbs = random.Below(3) == 0 ? edges[random.Below(edges.size())] : RandomCanonical<Fr>(random);
  }
  return values;
}

class BatchOpsTest : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    before_ = CpuPathName();
    ASSERT_TRUE(SetCpuPath(GetParam()).ok());
  }
  void TearDown() override { ASSERT_TRUE(SetCpuPath(before_).ok()); }
  const BatchOps& ops() const { return CpuBatchOps(); }

  SimRandom random_{7};

 private:
  std::string_view before_;
};
INSTANTIATE_TEST_SUITE_P(Paths, BatchOpsTest, testing::ValuesIn(SupportedCpuPaths()),
                         [](const auto& path) { return std::string(path.param); });

TEST_P(BatchOpsTest, Products) {
  for (size_t count = 0; count < 40; ++count) {
    const std::vector<Fr> a = Values(random_, count), b = Values(random_, count);
    const Fr factor = Values(random_, 1)[0];
    std::vector<Fr> products(count), multiples(count), in_place = b;
    ops().multiply(products.data(), a.data(), b.data(), count);
    ops().multiply_by(multiples.data(), a.data(), factor, count);
    ops().multiply(in_place.data(), a.data(), in_place.data(), count);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(products[i], a[i] * b[i]) << count << " " << i;
      ASSERT_EQ(multiples[i], a[i] * factor);
    }
    EXPECT_EQ(in_place, products);
  }
}

// (u, v) -> (u + t·v, u - t·v) for the two halves of a block.
void ForwardLevel(Fr* block, size_t half, const Fr& twiddle) {
  for (size_t i = 0; i < half; ++i) {
    const Fr v = block[half + i] * twiddle;
    block[half + i] = block[i] - v;
    block[i] = block[i] + v;
  }
}
void InverseLevel(Fr* block, size_t half, const Fr& twiddle) {
  for (size_t i = 0; i < half; ++i) {
    const Fr difference = block[i] - block[half + i];
    block[i] = block[i] + block[half + i];
    block[half + i] = difference * twiddle;
  }
}

TEST_P(BatchOpsTest, BlocksOfATransform) {
  for (int log_length = 0; log_length <= 13; ++log_length) {
    const size_t length = size_t{1} << log_length;
    for (const size_t block : {0, 1, 5}) {
      const std::vector<Fr> twiddles = Values(random_, 3 * length + 6);
      const std::vector<Fr> data = Values(random_, length);
      std::vector<Fr> forward = data, want = data;
      ops().forward_block(forward.data(), log_length, twiddles.data(), block);
      for (size_t blocks = 1; blocks < length; blocks *= 2) {
        const size_t part = length / blocks;
        for (size_t b = 0; b < blocks; ++b)
          ForwardLevel(&want[b * part], part / 2, twiddles[block * blocks + b]);
      }
      ASSERT_EQ(forward, want) << "forward, 2^" << log_length << ", block " << block;
      std::vector<Fr> inverse = data;
      want = data;
      ops().inverse_block(inverse.data(), log_length, twiddles.data(), block);
      for (size_t blocks = length / 2; blocks >= 1; blocks /= 2) {
        const size_t part = length / blocks;
        for (size_t b = 0; b < blocks; ++b)
          InverseLevel(&want[b * part], part / 2, twiddles[block * blocks + b]);
      }
      ASSERT_EQ(inverse, want) << "inverse, 2^" << log_length << ", block " << block;
    }
  }
}

// The bounds of what is left unreduced are met by the largest values.
TEST_P(BatchOpsTest, BlocksOfTheLargestValues) {
  Fr largest;
  fp_internal::Sub(largest.limbs, Fr::kModulus, {1, 0, 0, 0});
  for (const int log_length : {6, 12, 13}) {
    const size_t length = size_t{1} << log_length;
    for (const Fr& twiddle : {largest, Fr::Zero(), Fr::One(), Fr{{1, 0, 0, 0}}}) {
      const std::vector<Fr> twiddles(length, twiddle);
      for (const Fr& value : {largest, Fr::Zero()}) {
        std::vector<Fr> forward(length, value), inverse(length, value), want(length, value);
        ops().forward_block(forward.data(), log_length, twiddles.data(), 0);
        for (size_t half = length / 2; half >= 1; half /= 2) {
          for (size_t b = 0; b < length; b += 2 * half) ForwardLevel(&want[b], half, twiddle);
        }
        ASSERT_EQ(forward, want);
        want.assign(length, value);
        ops().inverse_block(inverse.data(), log_length, twiddles.data(), 0);
        for (size_t half = 1; half < length; half *= 2) {
          for (size_t b = 0; b < length; b += 2 * half) InverseLevel(&want[b], half, twiddle);
        }
        ASSERT_EQ(inverse, want);
      }
    }
  }
}

TEST_P(BatchOpsTest, TwoLevelsOverRows) {
  for (const size_t length : {1, 2, 4, 8, 64}) {
    for (const bool first : {false, true}) {
      std::vector<Fr> data = Values(random_, 4 * length);
      const std::vector<Fr> t = Values(random_, 3);
      const Radix4Rows rows{{&data[0], &data[length], &data[2 * length], &data[3 * length]},
                            length,
                            first ? Fr::One() : t[0],
                            {first ? Fr::One() : t[1], t[2]}};
      std::vector<Fr> want = data;
      ForwardLevel(want.data(), 2 * length, rows.outer);
      for (size_t i = 0; i < 2; ++i) ForwardLevel(&want[2 * i * length], length, rows.inner[i]);
      ops().forward_radix4(rows);
      ASSERT_EQ(data, want) << length;
      for (size_t i = 0; i < 2; ++i) InverseLevel(&want[2 * i * length], length, rows.inner[i]);
      InverseLevel(want.data(), 2 * length, rows.outer);
      ops().inverse_radix4(rows);
      ASSERT_EQ(data, want) << length;
    }
  }
}

template <typename F>
struct Group;
template <>
struct Group<Fq> {
  static constexpr auto kSumRuns = &BatchOps::sum_runs_g1;
  static constexpr auto kWeigh = &BatchOps::weigh_buckets_g1;
};
template <>
struct Group<Fq2> {
  static constexpr auto kSumRuns = &BatchOps::sum_runs_g2;
  static constexpr auto kWeigh = &BatchOps::weigh_buckets_g2;
};

// Points where equal, opposite and infinite ones meet often, or hardly ever.
template <typename F>
std::vector<AffinePoint<F>> Points(SimRandom& random, bool special) {
  std::vector<AffinePoint<F>> points = ConsecutiveMultiples<F>({3}, special ? 4 : 1500);
  if (special) points.push_back(AffinePoint<F>::Infinity());
  for (size_t i = points.size(); i-- > 1;) std::swap(points[i], points[random.Below(i + 1)]);
  return points;
}

template <typename F>
void ExpectSumsOfRuns(const BatchOps& ops, SimRandom& random) {
  for (const bool special : {false, true}) {
    const std::vector<AffinePoint<F>> bases = Points<F>(random, special);
    for (const size_t longest : {1, 3, 40, 6000}) {
      std::vector<PointRef> refs;
      std::vector<uint32_t> ends;
      for (int run = 0; run < (longest > 1000 ? 3 : 200); ++run) {
        for (uint64_t i = random.Below(longest + 1); i > 0; --i) {
          refs.push_back(static_cast<PointRef>(random.Below(2 * bases.size())));
        }
        ends.push_back(static_cast<uint32_t>(refs.size()));
      }
      std::vector<AffinePoint<F>> sums(ends.size());
      (ops.*Group<F>::kSumRuns)(bases.data(), refs, ends, sums.data(), nullptr);
      for (size_t run = 0, at = 0; run < ends.size(); ++run) {
        XyzzPoint<F> want;
        for (; at < ends[run]; ++at) {
          want = want + ((refs[at] & 1) != 0 ? -bases[refs[at] >> 1] : bases[refs[at] >> 1]);
        }
        ASSERT_EQ(sums[run], want.ToAffine()) << "run " << run << " of " << longest << " at most";
      }
    }
  }
}
TEST_P(BatchOpsTest, SumsOfRunsG1) { ExpectSumsOfRuns<Fq>(ops(), random_); }
TEST_P(BatchOpsTest, SumsOfRunsG2) { ExpectSumsOfRuns<Fq2>(ops(), random_); }

template <typename F>
void ExpectWeighedBuckets(const BatchOps& ops, SimRandom& random) {
  for (const bool special : {false, true}) {
    const std::vector<AffinePoint<F>> points = Points<F>(random, special);
    for (size_t buckets = 1; buckets <= 2048; buckets *= 4) {
      std::vector<AffinePoint<F>> sums(buckets);
      for (AffinePoint<F>& sum : sums) {
        if (random.Below(4) != 0) sum = points[random.Below(points.size())];
      }
      XyzzPoint<F> running, want;
      for (size_t b = buckets; b-- > 0;) {
        running = running + sums[b];
        want = want + running;
      }
      EXPECT_TRUE(SamePoint((ops.*Group<F>::kWeigh)(sums, nullptr), want)) << buckets;
    }
  }
}
TEST_P(BatchOpsTest, WeighedBucketsG1) { ExpectWeighedBuckets<Fq>(ops(), random_); }
TEST_P(BatchOpsTest, WeighedBucketsG2) { ExpectWeighedBuckets<Fq2>(ops(), random_); }

}  // namespace
}  // namespace prooflode
