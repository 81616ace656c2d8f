// Multi-scalar multiplication against its definition, for every shape of input that has its own way through
// the code.
#include "kernels/msm/msm.h"

#include <gtest/gtest.h>

#include "kernels/msm/digits.h"
#include "kernels/msm/plan.h"
#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::ConsecutiveMultiples;
using testing_values::EdgeCanonicals;
using testing_values::Generator;
using testing_values::RandomCanonical;

auto Msm(std::span<const G1Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
         const MsmOptions& options = {}) {
  return MsmG1(bases, scalars, pool, options);
}
auto Msm(std::span<const G2Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
         const MsmOptions& options = {}) {
  return MsmG2(bases, scalars, pool, options);
}

Limbs MinusOne() {
  Limbs value{};
  fp_internal::Sub(value, Fr::kModulus, {1, 0, 0, 0});
  return value;
}

template <typename F>
class MsmTest : public testing::Test {
 protected:
  // The sum by definition.
  static XyzzPoint<F> Naive(std::span<const AffinePoint<F>> bases, std::span<const Limbs> scalars) {
    XyzzPoint<F> sum;
    for (size_t i = 0; i < bases.size(); ++i) sum = sum + ScalarMul(bases[i], scalars[i]);
    return sum;
  }
  static void ExpectNaive(std::span<const AffinePoint<F>> bases, std::span<const Limbs> scalars,
                          const char* what) {
    const XyzzPoint<F> want = Naive(bases, scalars);
    for (unsigned threads : {1u, 3u}) {
      ThreadPool pool(threads);
      EXPECT_TRUE(SamePoint(Msm(bases, scalars, pool), want))
          << what << ", " << bases.size() << " points, " << threads << " threads";
    }
  }
};
using GroupFields = testing::Types<Fq, Fq2>;
TYPED_TEST_SUITE(MsmTest, GroupFields);

TYPED_TEST(MsmTest, RandomOfEverySmallLength) {
  SimRandom random(1);
  for (size_t count : {0, 1, 2, 3, 5, 31, 100, 257}) {
    const auto bases = ConsecutiveMultiples<TypeParam>(RandomCanonical<Fr>(random), count);
    std::vector<Limbs> scalars(count);
    for (Limbs& scalar : scalars) scalar = RandomCanonical<Fr>(random);
    this->ExpectNaive(bases, scalars, "random");
  }
}

TYPED_TEST(MsmTest, SpecialScalars) {
  SimRandom random(2);
  const auto bases = ConsecutiveMultiples<TypeParam>({5}, 64);
  const Limbs one{1};
  const std::vector<Limbs> kinds = {
      {0}, one, {2}, {3}, {255}, {256}, {~uint64_t{0}}, {0, 1}, MinusOne(), RandomCanonical<Fr>(random)};
  for (const Limbs& scalar : kinds) {
    this->ExpectNaive(bases, std::vector<Limbs>(bases.size(), scalar), "all the same");
  }
  const std::vector<Limbs> edges = EdgeCanonicals<Fr>(random, 10);
  this->ExpectNaive(ConsecutiveMultiples<TypeParam>({77}, edges.size()), edges, "edges");
  std::vector<Limbs> mixed(bases.size());
  for (size_t i = 0; i < mixed.size(); ++i) mixed[i] = kinds[random.Below(kinds.size())];
  this->ExpectNaive(bases, mixed, "mixed");
  std::vector<Limbs> small(bases.size());
  for (Limbs& scalar : small) scalar = {random.Below(1000)};
  this->ExpectNaive(bases, small, "small");
}

TYPED_TEST(MsmTest, SpecialBases) {
  SimRandom random(3);
  const auto g = Generator<TypeParam>();
  using Affine = AffinePoint<TypeParam>;
  const std::vector<Affine> kinds = {g, -g, Affine::Infinity(), ScalarMul(g, {2}).ToAffine(),
                                     ScalarMul(g, {3}).ToAffine()};
  for (int round = 0; round < 3; ++round) {
    std::vector<Affine> bases(60);
    std::vector<Limbs> scalars(60);
    for (size_t i = 0; i < bases.size(); ++i) {
      bases[i] = kinds[random.Below(kinds.size())];
      // Few values, so that buckets collect equal, opposite and infinite points.
      scalars[i] = round == 0 ? Limbs{random.Below(3)} : round == 1 ? Limbs{5} : RandomCanonical<Fr>(random);
    }
    this->ExpectNaive(bases, scalars, "special bases");
  }
  this->ExpectNaive(std::vector<Affine>(50, Affine::Infinity()), std::vector<Limbs>(50, Limbs{7, 7}),
                    "all infinite");
  std::vector<Affine> opposite(40, g);
  for (size_t i = 0; i < 20; ++i) opposite[2 * i] = -g;
  this->ExpectNaive(opposite, std::vector<Limbs>(40, Limbs{9, 9}), "cancelling");
}

// Beyond one slice and one block of points, against known logarithms: Σ s_i·(a + i)·G = (Σ s_i·(a + i))·G.
TYPED_TEST(MsmTest, ManyPointsAgainstLogarithms) {
  SimRandom random(4);
  const size_t count = 20011;
  const uint64_t start = 1000;
  std::vector<AffinePoint<TypeParam>> bases = ConsecutiveMultiples<TypeParam>({start}, 500);
  bases.reserve(count);
  while (bases.size() < count) bases.push_back(bases[bases.size() % 500]);
  for (int distribution = 0; distribution < 4; ++distribution) {
    std::vector<Limbs> scalars(count);
    Fr logarithm;
    for (size_t i = 0; i < count; ++i) {
      switch (distribution) {
        case 0:
          scalars[i] = RandomCanonical<Fr>(random);
          break;
        case 1:
          scalars[i] = {random.Below(2)};
          break;
        case 2:
          scalars[i] = {12345, 0, 6789, 1};
          break;
        default:
          scalars[i] = random.Below(3) == 0 ? RandomCanonical<Fr>(random) : Limbs{random.Below(1 << 20)};
      }
      logarithm += *Fr::FromCanonical(scalars[i]) * Fr::FromU64(start + i % 500);
    }
    const auto want = ScalarMul(Generator<TypeParam>(), logarithm.ToCanonical());
    for (unsigned threads = 1; threads <= 8; threads += distribution == 0 ? 1 : 3) {
      ThreadPool pool(threads);
      EXPECT_TRUE(SamePoint(Msm(bases, scalars, pool), want))
          << "distribution " << distribution << ", " << threads;
    }
  }
}

TYPED_TEST(MsmTest, Linear) {
  SimRandom random(5);
  ThreadPool pool(2);
  const auto bases = ConsecutiveMultiples<TypeParam>({3}, 300);
  std::vector<Limbs> a(300), b(300), sum(300);
  for (size_t i = 0; i < 300; ++i) {
    a[i] = RandomCanonical<Fr>(random);
    b[i] = RandomCanonical<Fr>(random);
    sum[i] = (*Fr::FromCanonical(a[i]) + *Fr::FromCanonical(b[i])).ToCanonical();
  }
  EXPECT_TRUE(SamePoint(Msm(bases, a, pool) + Msm(bases, b, pool), Msm(bases, sum, pool)));
}

TYPED_TEST(MsmTest, CancelledCallReturns) {
  CancelToken cancel;
  cancel.Cancel();
  ThreadPool pool(2);
  const auto bases = ConsecutiveMultiples<TypeParam>({3}, 300);
  const std::vector<Limbs> scalars(300, Limbs{1, 2, 3, 4});
  EXPECT_FALSE(SamePoint(Msm(bases, scalars, pool, {.cancel = &cancel}), Msm(bases, scalars, pool)));
}

TEST(Digits, RebuildTheScalar) {
  SimRandom random(6);
  for (const Limbs& scalar : EdgeCanonicals<Fr>(random, 50)) {
    const SignedScalar s = Shorten(scalar);
    EXPECT_LE(BitLength(s.magnitude), 253);
    const Fr magnitude = *Fr::FromCanonical(s.magnitude);
    EXPECT_EQ(s.negative ? -magnitude : magnitude, *Fr::FromCanonical(scalar));
    for (int width = 1; width <= 16; ++width) {
      DigitReader reader(s.magnitude, width);
      Fr sum;
      Fr weight = Fr::One();
      for (int i = 0; i < BitLength(s.magnitude) / width + 1; ++i) {
        const int digit = reader.Next();
        EXPECT_GT(digit, -(1 << (width - 1)));
        EXPECT_LE(digit, 1 << (width - 1));
        const Fr term = Fr::FromU64(static_cast<uint64_t>(std::abs(digit))) * weight;
        sum = digit < 0 ? sum - term : sum + term;
        for (int bit = 0; bit < width; ++bit) weight = weight.Double();
      }
      EXPECT_EQ(sum, magnitude) << width;
    }
  }
}

TEST(Plan, CoversScalarsAndFeedsThreads) {
  BitLengthCounts counts{};
  counts[253] = 1 << 20;
  const MsmPlan single = PlanMsm(counts, 1);
  EXPECT_EQ(single.chunks, 1u);
  EXPECT_GE(single.window_bits, 14);
  for (unsigned threads : {1u, 2u, 7u, 128u}) {
    const MsmPlan plan = PlanMsm(counts, threads);
    EXPECT_GT(plan.windows * plan.window_bits, 253);
    EXPECT_GE(plan.windows * plan.chunks, threads);
  }
  BitLengthCounts small{};
  small[8] = 1000;
  EXPECT_LE(PlanMsm(small, 1).windows, 3);
  BitLengthCounts one{};
  one[1] = 1;
  EXPECT_GT(PlanMsm(one, 4).windows * PlanMsm(one, 4).window_bits, 1);
}

}  // namespace
}  // namespace prooflode
