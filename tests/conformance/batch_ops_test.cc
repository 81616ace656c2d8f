// Every table of batch operations that this machine supports, held to the contracts of
// kernels/host/batch_ops.h with the plain group law and polynomial evaluation as oracles; and whole
// multiplications and transforms, which must not depend on the CPU path.
#include <gtest/gtest.h>

#include "kernels/msm/msm.h"
#include "kernels/ntt/ntt.h"
#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::ConsecutiveMultiples;
using testing_values::ForEachCpuPath;
using testing_values::Generator;
using testing_values::RandomCanonical;
using testing_values::RandomElement;

template <typename F>
auto SumRunsOf(const BatchOps& ops) {
  if constexpr (std::is_same_v<F, Fq>) {
    return ops.sum_runs_g1;
  } else {
    return ops.sum_runs_g2;
  }
}

template <typename F>
class GroupOpsTest : public testing::Test {
 protected:
  using Affine = AffinePoint<F>;

  static void ExpectSums(std::span<const Affine> bases, std::span<const PointRef> refs,
                         std::span<const uint32_t> run_ends) {
    std::vector<Affine> want;
    uint32_t position = 0;
    for (const uint32_t end : run_ends) {
      XyzzPoint<F> sum;
      for (; position < end; ++position) {
        const Affine& base = bases[refs[position] >> 1];
        sum = sum + ((refs[position] & 1) != 0 ? -base : base);
      }
      want.push_back(sum.ToAffine());
    }
    ForEachCpuPath([&](const std::string& path) {
      std::vector<Affine> sums(run_ends.size(), Generator<F>());
      SumRunsOf<F>(CpuBatchOps())(bases.data(), refs, run_ends, sums.data(), nullptr);
      EXPECT_EQ(sums, want) << path;
    });
  }
};
using GroupFields = testing::Types<Fq, Fq2>;
TYPED_TEST_SUITE(GroupOpsTest, GroupFields);

TYPED_TEST(GroupOpsTest, RunsOfEveryLength) {
  SimRandom random(1);
  const auto bases = ConsecutiveMultiples<TypeParam>(RandomCanonical<Fr>(random), 100);
  for (size_t average : {1, 2, 3, 9, 70}) {
    std::vector<PointRef> refs;
    std::vector<uint32_t> ends;
    for (int run = 0; run < 120; ++run) {
      for (size_t i = random.Below(2 * average); i-- > 0;)
        refs.push_back(static_cast<PointRef>(random.Below(200)));
      ends.push_back(static_cast<uint32_t>(refs.size()));
    }
    this->ExpectSums(bases, refs, ends);
  }
}

TYPED_TEST(GroupOpsTest, NoRunsAndEmptyRuns) {
  const auto bases = ConsecutiveMultiples<TypeParam>({1}, 1);
  this->ExpectSums(bases, {}, {});
  this->ExpectSums(bases, {}, std::vector<uint32_t>{0, 0, 0});
  this->ExpectSums(bases, std::vector<PointRef>{0}, std::vector<uint32_t>{0, 1, 1});
}

// Longer than any block an implementation may use; ends before, at and after powers of two.
TYPED_TEST(GroupOpsTest, LongRuns) {
  SimRandom random(2);
  const auto bases = ConsecutiveMultiples<TypeParam>({11}, 300);
  std::vector<PointRef> refs(9000);
  for (PointRef& ref : refs) ref = static_cast<PointRef>(random.Below(600));
  this->ExpectSums(bases, refs, std::vector<uint32_t>{9000});
  this->ExpectSums(bases, refs, std::vector<uint32_t>{2047, 2048, 4095, 4096, 4097, 8193, 9000});
}

// Few distinct points: equal ones double, opposite ones cancel, sums become infinite and go on.
TYPED_TEST(GroupOpsTest, EqualOppositeAndInfinitePoints) {
  SimRandom random(3);
  auto bases = ConsecutiveMultiples<TypeParam>({1}, 3);
  bases.push_back({});
  for (int round = 0; round < 20; ++round) {
    std::vector<PointRef> refs(400);
    for (PointRef& ref : refs) ref = static_cast<PointRef>(random.Below(8));
    std::vector<uint32_t> ends;
    for (uint32_t end = 0; end < 400; end += 1 + static_cast<uint32_t>(random.Below(12))) ends.push_back(end);
    ends.push_back(400);
    this->ExpectSums(bases, refs, ends);
  }
  this->ExpectSums(bases, std::vector<PointRef>(5000, 2), std::vector<uint32_t>{5000});
  this->ExpectSums(bases, std::vector<PointRef>(64, 6), std::vector<uint32_t>{64});
}

// All widths of buckets, with empty, equal and opposite ones among them.
TYPED_TEST(GroupOpsTest, WeighBuckets) {
  using F = TypeParam;
  SimRandom random(8);
  const auto points = ConsecutiveMultiples<F>({1}, 50);
  for (size_t buckets = 1; buckets <= 2048; buckets *= 2) {
    for (int kind = 0; kind < 3; ++kind) {
      std::vector<AffinePoint<F>> sums(buckets);
      Fr logarithm;
      for (size_t b = 0; b < buckets; ++b) {
        const uint64_t k = kind == 0 ? random.Below(51) : kind == 1 ? 7 : random.Below(3);
        if (k == 0) continue;
        const bool negative = kind != 1 && random.Below(2) == 1;
        sums[b] = negative ? -points[k - 1] : points[k - 1];
        const Fr term = Fr::FromU64(k) * Fr::FromU64(b + 1);
        logarithm = negative ? logarithm - term : logarithm + term;
      }
      const XyzzPoint<F> want = ScalarMul(Generator<F>(), logarithm.ToCanonical());
      ForEachCpuPath([&](const std::string& path) {
        XyzzPoint<F> got;
        if constexpr (std::is_same_v<F, Fq>) {
          got = CpuBatchOps().weigh_buckets_g1(sums, nullptr);
        } else {
          got = CpuBatchOps().weigh_buckets_g2(sums, nullptr);
        }
        EXPECT_TRUE(SamePoint(got, want)) << path << " " << buckets << " kind " << kind;
      });
    }
  }
}

std::vector<Fr> RandomVector(Random& random, size_t count) {
  std::vector<Fr> values(count);
  for (Fr& value : values) value = RandomElement<Fr>(random);
  return values;
}

TEST(BatchOps, Products) {
  SimRandom random(4);
  for (size_t count : {0, 1, 7, 8, 9, 100}) {
    const std::vector<Fr> a = RandomVector(random, count);
    const std::vector<Fr> b = RandomVector(random, count);
    const Fr factor = RandomElement<Fr>(random);
    std::vector<Fr> products(count), multiples(count);
    for (size_t i = 0; i < count; ++i) {
      products[i] = a[i] * b[i];
      multiples[i] = a[i] * factor;
    }
    ForEachCpuPath([&](const std::string& path) {
      std::vector<Fr> out = a;
      CpuBatchOps().multiply(out.data(), out.data(), b.data(), count);
      EXPECT_EQ(out, products) << path;
      out = a;
      CpuBatchOps().multiply_by(out.data(), out.data(), factor, count);
      EXPECT_EQ(out, multiples) << path;
    });
  }
}

TEST(BatchOps, Radix4LevelsFollowTheirDefinition) {
  SimRandom random(5);
  for (size_t length : {1, 2, 8, 11, 64}) {
    for (bool first : {true, false}) {
      const std::vector<Fr> before = RandomVector(random, 4 * length);
      const Fr outer = first ? Fr::One() : RandomElement<Fr>(random);
      const Fr inner[2] = {first ? Fr::One() : RandomElement<Fr>(random), RandomElement<Fr>(random)};
      std::vector<Fr> forward = before;
      std::vector<Fr> inverse = before;
      const auto down = [&](size_t u, size_t v, const Fr& t) {
        const Fr product = forward[v] * t;
        forward[v] = forward[u] - product;
        forward[u] = forward[u] + product;
      };
      const auto up = [&](size_t u, size_t v, const Fr& t) {
        const Fr difference = inverse[u] - inverse[v];
        inverse[u] = inverse[u] + inverse[v];
        inverse[v] = difference * t;
      };
      for (size_t i = 0; i < length; ++i) {
        const size_t at[4] = {i, i + length, i + 2 * length, i + 3 * length};
        down(at[0], at[2], outer);
        down(at[1], at[3], outer);
        down(at[0], at[1], inner[0]);
        down(at[2], at[3], inner[1]);
        up(at[0], at[1], inner[0]);
        up(at[2], at[3], inner[1]);
        up(at[0], at[2], outer);
        up(at[1], at[3], outer);
      }
      ForEachCpuPath([&](const std::string& path) {
        const auto rows = [&](std::vector<Fr>& data) {
          return Radix4Rows{
              {data.data(), data.data() + length, data.data() + 2 * length, data.data() + 3 * length},
              length,
              outer,
              {inner[0], inner[1]}};
        };
        std::vector<Fr> data = before;
        CpuBatchOps().forward_radix4(rows(data));
        EXPECT_EQ(data, forward) << path;
        data = before;
        CpuBatchOps().inverse_radix4(rows(data));
        EXPECT_EQ(data, inverse) << path;
      });
    }
  }
}

// Blocks are levels of the plain butterflies; forward and inverse of reciprocal twiddles undo each other but
// for n.
TEST(BatchOps, BlocksFollowTheirDefinition) {
  SimRandom random(6);
  for (int log_length = 0; log_length <= 7; ++log_length) {
    const size_t length = size_t{1} << log_length;
    for (size_t block : {0, 1, 3}) {
      const std::vector<Fr> twiddles = RandomVector(random, 4 * length);
      const std::vector<Fr> before = RandomVector(random, length);
      std::vector<Fr> forward = before;
      for (size_t blocks = 1, half = length / 2; half >= 1; blocks *= 2, half /= 2) {
        for (size_t i = 0; i < length; ++i) {
          if ((i & half) != 0) continue;
          const Fr product = forward[i + half] * twiddles[block * blocks + i / (2 * half)];
          forward[i + half] = forward[i] - product;
          forward[i] += product;
        }
      }
      std::vector<Fr> inverse = before;
      for (size_t half = 1; half < length; half *= 2) {
        for (size_t i = 0; i < length; ++i) {
          if ((i & half) != 0) continue;
          const Fr difference = inverse[i] - inverse[i + half];
          inverse[i] += inverse[i + half];
          inverse[i + half] = difference * twiddles[block * (length / (2 * half)) + i / (2 * half)];
        }
      }
      ForEachCpuPath([&](const std::string& path) {
        std::vector<Fr> data = before;
        CpuBatchOps().forward_block(data.data(), log_length, twiddles.data(), block);
        EXPECT_EQ(data, forward) << path << " " << log_length << " " << block;
        data = before;
        CpuBatchOps().inverse_block(data.data(), log_length, twiddles.data(), block);
        EXPECT_EQ(data, inverse) << path << " " << log_length << " " << block;
      });
    }
  }
}

TEST(CpuPaths, GiveTheSameMultiplicationsAndTransforms) {
  SimRandom random(7);
  ThreadPool pool(2);
  const size_t count = 3000;
  const auto g1 = ConsecutiveMultiples<Fq>({9}, count);
  const auto g2 = ConsecutiveMultiples<Fq2>({9}, count);
  std::vector<Limbs> scalars(count);
  Fr logarithm;
  for (size_t i = 0; i < count; ++i) {
    scalars[i] = i % 3 == 0 ? Limbs{random.Below(4)} : RandomCanonical<Fr>(random);
    logarithm += *Fr::FromCanonical(scalars[i]) * Fr::FromU64(9 + i);
  }
  const NttDomain domain(11, pool);
  const std::vector<Fr> before = RandomVector(random, domain.size());
  std::vector<Fr> transformed;
  ForEachCpuPath([&](const std::string& path) {
    EXPECT_TRUE(SamePoint(MsmG1(g1, scalars, pool), ScalarMul(G1Generator(), logarithm.ToCanonical())))
        << path;
    EXPECT_TRUE(SamePoint(MsmG2(g2, scalars, pool), ScalarMul(G2Generator(), logarithm.ToCanonical())))
        << path;
    std::vector<Fr> data = before;
    domain.ToCoset(data, Fr::FromU64(3), pool);
    if (transformed.empty()) transformed = data;
    EXPECT_EQ(data, transformed) << path;
  });
}

}  // namespace
}  // namespace prooflode
