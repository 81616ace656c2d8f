// Field arithmetic against GMP, on every CPU path of this machine.
#include <gmp.h>
#include <gtest/gtest.h>

#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::EdgeCanonicals;
using testing_values::ForEachCpuPath;
using testing_values::RandomElement;

class Mpz {
 public:
  Mpz() { mpz_init(value_); }
  explicit Mpz(const Limbs& limbs) : Mpz() { mpz_import(value_, 4, -1, 8, 0, 0, limbs.data()); }
  ~Mpz() { mpz_clear(value_); }
  Mpz(const Mpz&) = delete;
  Mpz& operator=(const Mpz&) = delete;

  mpz_ptr get() { return value_; }
  Limbs ToLimbs() const {
    Limbs limbs{};
    mpz_export(limbs.data(), nullptr, -1, 8, 0, 0, value_);
    return limbs;
  }

 private:
  mpz_t value_;
};

template <typename F>
class FieldTest : public testing::Test {};
using Fields = testing::Types<Fq, Fr>;
TYPED_TEST_SUITE(FieldTest, Fields);

TYPED_TEST(FieldTest, ModulusIsPrimeAndConstantsFit) {
  using F = TypeParam;
  Mpz p(F::kModulus);
  EXPECT_GT(mpz_probab_prime_p(p.get(), 40), 0);
  Mpz r;
  mpz_ui_pow_ui(r.get(), 2, 256);
  mpz_mod(r.get(), r.get(), p.get());
  EXPECT_EQ(r.ToLimbs(), F::kR);
  mpz_mul(r.get(), r.get(), r.get());
  mpz_mod(r.get(), r.get(), p.get());
  EXPECT_EQ(r.ToLimbs(), F::kRSquared);
  EXPECT_EQ(F::kModulus[0] * F::kNegatedInverse, ~uint64_t{0});
}

TYPED_TEST(FieldTest, SumDifferenceProductAgainstGmp) {
  using F = TypeParam;
  ForEachCpuPath([](const std::string& path) {
    SimRandom random(1);
    const std::vector<Limbs> values = EdgeCanonicals<F>(random, 100);
    Mpz p(F::kModulus);
    for (const Limbs& a : values) {
      for (const Limbs& b : values) {
        const F fa = *F::FromCanonical(a);
        const F fb = *F::FromCanonical(b);
        Mpz x(a), y(b), want;
        mpz_mul(want.get(), x.get(), y.get());
        mpz_mod(want.get(), want.get(), p.get());
        ASSERT_EQ((fa * fb).ToCanonical(), want.ToLimbs()) << path;
        mpz_add(want.get(), x.get(), y.get());
        mpz_mod(want.get(), want.get(), p.get());
        ASSERT_EQ((fa + fb).ToCanonical(), want.ToLimbs()) << path;
        mpz_sub(want.get(), x.get(), y.get());
        mpz_mod(want.get(), want.get(), p.get());
        ASSERT_EQ((fa - fb).ToCanonical(), want.ToLimbs()) << path;
        ASSERT_TRUE((fa * fb).IsReduced() && (fa + fb).IsReduced() && (fa - fb).IsReduced()) << path;
      }
    }
  });
}

// The raw leaf on raw limbs, results placed over operands as its contract allows.
TYPED_TEST(FieldTest, MontgomeryProductInPlace) {
  using F = TypeParam;
  ForEachCpuPath([](const std::string& path) {
    SimRandom random(2);
    Mpz p(F::kModulus), r_inverse;
    mpz_ui_pow_ui(r_inverse.get(), 2, 256);
    mpz_invert(r_inverse.get(), r_inverse.get(), p.get());
    for (const Limbs& a : EdgeCanonicals<F>(random, 50)) {
      for (const Limbs& b : EdgeCanonicals<F>(random, 50)) {
        Mpz x(a), y(b), want;
        mpz_mul(want.get(), x.get(), y.get());
        mpz_mul(want.get(), want.get(), r_inverse.get());
        mpz_mod(want.get(), want.get(), p.get());
        Limbs over_a = a;
        MontgomeryMul(over_a, over_a, b, F::kModulus, F::kNegatedInverse);
        ASSERT_EQ(over_a, want.ToLimbs()) << path;
        Limbs over_b = b;
        MontgomeryMul(over_b, a, over_b, F::kModulus, F::kNegatedInverse);
        ASSERT_EQ(over_b, want.ToLimbs()) << path;
        F sum{a};
        sum += F{b};
        F difference{b};
        difference = F{a} - difference;
        ASSERT_EQ(sum - F{b}, F{a}) << path;
        ASSERT_EQ(difference + F{b}, F{a}) << path;
      }
      F doubled{a};
      doubled += doubled;
      ASSERT_EQ(doubled, F{a} + F{a});
      F squared{a};
      squared *= squared;
      ASSERT_EQ(squared, F{a}.Square());
    }
  });
}

TYPED_TEST(FieldTest, SumOfProductsIsTheSum) {
  using F = TypeParam;
  ForEachCpuPath([](const std::string& path) {
    SimRandom random(7);
    const std::vector<Limbs> values = EdgeCanonicals<F>(random, 30);
    for (const Limbs& a : values) {
      for (const Limbs& b : values) {
        // As raw limbs, so that the largest operands reach the leaf as they are.
        const F c{values[random.Below(values.size())]};
        const F d{values[random.Below(4) == 0 ? 4 : random.Below(values.size())]};
        ASSERT_EQ(F::SumOfProducts(F{a}, F{b}, c, d), F{a} * F{b} + c * d) << path;
        ASSERT_EQ(F::SumOfProducts(F{a}, F{b}, F{a}, F{b}), F{a} * F{b} + F{a} * F{b}) << path;
      }
    }
  });
}

TYPED_TEST(FieldTest, InverseAgainstGmp) {
  using F = TypeParam;
  ForEachCpuPath([](const std::string& path) {
    SimRandom random(3);
    Mpz p(F::kModulus);
    for (const Limbs& a : EdgeCanonicals<F>(random, 300)) {
      Mpz x(a), want;
      if (mpz_invert(want.get(), x.get(), p.get()) == 0) mpz_set_ui(want.get(), 0);
      ASSERT_EQ(F::FromCanonical(a)->Inverse().ToCanonical(), want.ToLimbs()) << path;
    }
  });
}

TYPED_TEST(FieldTest, CanonicalFormsAreChecked) {
  using F = TypeParam;
  Limbs above = F::kModulus;
  EXPECT_FALSE(F::FromCanonical(above).has_value());
  EXPECT_FALSE(F{above}.IsReduced());
  ++above[0];
  EXPECT_FALSE(F::FromCanonical(above).has_value());
  EXPECT_FALSE(F::FromCanonical({~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}}).has_value());
  SimRandom random(4);
  for (const Limbs& a : EdgeCanonicals<F>(random, 50)) {
    std::array<uint8_t, 32> bytes{};
    F::FromCanonical(a)->ToBigEndian(bytes);
    Mpz x(a), y;
    mpz_import(y.get(), 32, 1, 1, 0, 0, bytes.data());
    EXPECT_EQ(mpz_cmp(x.get(), y.get()), 0);
    EXPECT_EQ(F::FromBigEndian(bytes)->ToCanonical(), a);
  }
}

TYPED_TEST(FieldTest, CompileTimeAndRunTimeAgree) {
  using F = TypeParam;
  constexpr F kProduct = F::FromU64(1234567).Inverse() * F::FromU64(89) - F::FromU64(5) + F::FromU64(3);
  EXPECT_EQ(F::FromU64(1234567).Inverse() * F::FromU64(89) - F::FromU64(5) + F::FromU64(3), kProduct);
}

TYPED_TEST(FieldTest, BatchInvertSkipsZeros) {
  using F = TypeParam;
  SimRandom random(5);
  for (size_t count : {0, 1, 2, 17}) {
    std::vector<F> values(count), scratch(count);
    for (size_t i = 0; i < count; ++i) values[i] = i % 3 == 1 ? F::Zero() : RandomElement<F>(random);
    const std::vector<F> before = values;
    BatchInvert<F>(values, scratch);
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(values[i], before[i].Inverse());
  }
}

TEST(Fq2, ArithmeticFollowsFromTheDefinition) {
  SimRandom random(6);
  for (int i = 0; i < 100; ++i) {
    const Fq2 a{RandomElement<Fq>(random), i % 7 == 0 ? Fq::Zero() : RandomElement<Fq>(random)};
    const Fq2 b{i % 5 == 0 ? Fq::Zero() : RandomElement<Fq>(random), RandomElement<Fq>(random)};
    EXPECT_EQ(a * b, (Fq2{a.c0 * b.c0 - a.c1 * b.c1, a.c0 * b.c1 + a.c1 * b.c0}));
    EXPECT_EQ(a.Square(), a * a);
    EXPECT_EQ(a * a.Inverse(), Fq2::One());
    EXPECT_EQ(a * a.Conjugate(), (Fq2{a.c0.Square() + a.c1.Square(), Fq::Zero()}));
    EXPECT_EQ(a * b.c1, (a * Fq2{b.c1, Fq::Zero()}));
    EXPECT_EQ(a - a, Fq2::Zero());
    EXPECT_EQ(-a + a, Fq2::Zero());
  }
  EXPECT_EQ(Fq2::Zero().Inverse(), Fq2::Zero());
}

TEST(Fr, RootsOfUnityHaveTheirOrder) {
  EXPECT_EQ(FrRootOfUnity(0), Fr::One());
  for (int log = 1; log <= kFrTwoAdicity; ++log) {
    const Fr root = FrRootOfUnity(log);
    Fr power = root;
    for (int i = 1; i < log; ++i) power = power.Square();
    EXPECT_EQ(power, -Fr::One());
    EXPECT_EQ(root.Square(), FrRootOfUnity(log - 1));
  }
}

}  // namespace
}  // namespace prooflode
