// Groups of BN254: EIP-196 vectors, group laws with every special case, membership in G2's subgroup.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::ForEachCpuPath;
using testing_values::Generator;
using testing_values::RandomCanonical;
using testing_values::RandomElement;

Limbs Word(const std::string& hex, size_t index) {
  Limbs value{};
  for (int i = 0; i < 4; ++i) value[3 - i] = std::stoull(hex.substr(64 * index + 16 * i, 16), nullptr, 16);
  return value;
}

G1Affine Point(const std::string& hex, size_t index) {
  return {*Fq::FromCanonical(Word(hex, index)), *Fq::FromCanonical(Word(hex, index + 1))};
}

TEST(Bn254, Eip196Vectors) {
  std::ifstream file(PROOFLODE_VECTORS "/eip196/ecadd_ecmul.txt");
  ASSERT_TRUE(file.good());
  int adds = 0;
  int muls = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string operation, input, expected, name;
    fields >> operation >> input >> expected >> name;
    const G1Affine p = Point(input, 0);
    ASSERT_TRUE(IsOnCurve(p)) << name;
    const G1Affine want = Point(expected, 0);
    ForEachCpuPath([&](const std::string& path) {
      if (operation == "add") {
        const G1Affine q = Point(input, 2);
        EXPECT_EQ((G1Xyzz::FromAffine(p) + q).ToAffine(), want) << name << " " << path;
        EXPECT_EQ((G1Xyzz::FromAffine(q) + G1Xyzz::FromAffine(p)).ToAffine(), want) << name << " " << path;
      } else {
        EXPECT_EQ(ScalarMul(p, Word(input, 2)).ToAffine(), want) << name << " " << path;
      }
    });
    ++(operation == "add" ? adds : muls);
  }
  EXPECT_EQ(adds, 8);
  EXPECT_EQ(muls, 10);
}

TEST(Bn254, GeneratorsHaveOrderR) {
  EXPECT_TRUE(IsOnCurve(G1Generator()));
  EXPECT_TRUE(IsOnCurve(G2Generator()));
  EXPECT_FALSE(G1Generator().IsInfinity());
  EXPECT_FALSE(G2Generator().IsInfinity());
  EXPECT_TRUE(ScalarMul(G1Generator(), Fr::kModulus).IsInfinity());
  EXPECT_TRUE(ScalarMul(G2Generator(), Fr::kModulus).IsInfinity());
}

TEST(Bn254, IsOnCurveRefusesOtherPoints) {
  EXPECT_TRUE(IsOnCurve(G1Affine::Infinity()));
  EXPECT_TRUE(IsOnCurve(G2Affine::Infinity()));
  EXPECT_FALSE(IsOnCurve(G1Affine{Fq::One(), Fq::One()}));
  G2Affine p = G2Generator();
  p.y.c1 += Fq::One();
  EXPECT_FALSE(IsOnCurve(p));
}

template <typename F>
class GroupTest : public testing::Test {};
using GroupFields = testing::Types<Fq, Fq2>;
TYPED_TEST_SUITE(GroupTest, GroupFields);

TYPED_TEST(GroupTest, LawsAndSpecialCases) {
  using F = TypeParam;
  using Xyzz = XyzzPoint<F>;
  SimRandom random(1);
  const auto g = Generator<F>();
  for (int i = 0; i < 10; ++i) {
    const Xyzz p = ScalarMul(g, RandomCanonical<Fr>(random));
    const Xyzz q = ScalarMul(g, RandomCanonical<Fr>(random));
    const Xyzz s = ScalarMul(g, RandomCanonical<Fr>(random));
    const Xyzz infinity;
    EXPECT_TRUE(IsOnCurve((p + q).ToAffine()));
    EXPECT_TRUE(SamePoint(p + q, q + p));
    EXPECT_TRUE(SamePoint((p + q) + s, p + (q + s)));
    EXPECT_TRUE(SamePoint(p + infinity, p));
    EXPECT_TRUE(SamePoint(infinity + p, p));
    EXPECT_TRUE((p + -p).IsInfinity());
    EXPECT_TRUE(SamePoint(p + p, p.Double()));
    EXPECT_TRUE(SamePoint(p + q.ToAffine(), p + q));
    EXPECT_TRUE(SamePoint(p + p.ToAffine(), p.Double()));
    EXPECT_TRUE((p + (-p).ToAffine()).IsInfinity());
    EXPECT_TRUE(SamePoint(p + infinity.ToAffine(), p));
    EXPECT_TRUE(SamePoint(infinity + p.ToAffine(), p));
    EXPECT_TRUE(infinity.Double().IsInfinity());
    EXPECT_FALSE(SamePoint(p, q));
    EXPECT_FALSE(SamePoint(p, infinity));
    EXPECT_TRUE(Xyzz::FromAffine(infinity.ToAffine()).IsInfinity());
  }
}

TYPED_TEST(GroupTest, ScalarMulIsHomomorphic) {
  using F = TypeParam;
  SimRandom random(2);
  for (int i = 0; i < 5; ++i) {
    const Fr a = RandomElement<Fr>(random);
    const Fr b = RandomElement<Fr>(random);
    const auto g = Generator<F>();
    EXPECT_TRUE(SamePoint(ScalarMul(g, a.ToCanonical()) + ScalarMul(g, b.ToCanonical()),
                          ScalarMul(g, (a + b).ToCanonical())));
    EXPECT_TRUE(SamePoint(ScalarMul(ScalarMul(g, a.ToCanonical()).ToAffine(), b.ToCanonical()),
                          ScalarMul(g, (a * b).ToCanonical())));
  }
}

// The root of a square in Fq (q = 3 mod 4); nullopt for a non-square.
std::optional<Fq> SquareRoot(const Fq& a) {
  Limbs exponent{};
  fp_internal::Add(exponent, Fq::kModulus, {1, 0, 0, 0});
  for (int i = 0; i < 2; ++i) {  // (q + 1) / 4
    for (int j = 0; j < 4; ++j) exponent[j] = (exponent[j] >> 1) | (j < 3 ? exponent[j + 1] << 63 : 0);
  }
  const Fq root = a.PowVartime(exponent);
  if (root.Square() == a) return root;
  return std::nullopt;
}

// Complex method: c0 of a root is the root of (a.c0 ± |a|)/2.
std::optional<Fq2> SquareRoot(const Fq2& a) {
  const std::optional<Fq> norm = SquareRoot(a.c0.Square() + a.c1.Square());
  if (!norm.has_value()) return std::nullopt;
  const Fq half = Fq::FromU64(2).Inverse();
  for (const Fq& n : {*norm, -*norm}) {
    const std::optional<Fq> c0 = SquareRoot((a.c0 + n) * half);
    if (!c0.has_value() || c0->IsZero()) continue;
    const Fq2 root{*c0, a.c1 * half * c0->Inverse()};
    if (root.Square() == a) return root;
  }
  return std::nullopt;
}

TEST(Bn254, SubgroupTestAgreesWithMultiplicationByR) {
  EXPECT_TRUE(IsInSubgroup(G2Affine::Infinity()));
  SimRandom random(3);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(IsInSubgroup(ScalarMul(G2Generator(), RandomCanonical<Fr>(random)).ToAffine()));
  }
  // Points of the whole twist: almost none lies in the subgroup.
  const Fq2 b = Fq2{Fq::FromU64(3), Fq::Zero()} * Fq2{Fq::FromU64(9), Fq::One()}.Inverse();
  int outside = 0;
  while (outside < 10) {
    const Fq2 x{RandomElement<Fq>(random), RandomElement<Fq>(random)};
    const std::optional<Fq2> y = SquareRoot(x.Square() * x + b);
    if (!y.has_value()) continue;
    const G2Affine p{x, *y};
    ASSERT_TRUE(IsOnCurve(p));
    EXPECT_EQ(IsInSubgroup(p), ScalarMul(p, Fr::kModulus).IsInfinity());
    EXPECT_FALSE(IsInSubgroup(p));
    // A multiple by r has the cofactor's order: the nearest thing to a point that passes a sloppy test.
    const G2Affine cofactor_point = ScalarMul(p, Fr::kModulus).ToAffine();
    EXPECT_FALSE(IsInSubgroup(cofactor_point));
    EXPECT_FALSE(IsInSubgroup((G2Xyzz::FromAffine(cofactor_point) + G2Generator()).ToAffine()));
    ++outside;
  }
}

}  // namespace
}  // namespace prooflode
