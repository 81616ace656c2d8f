// The tower against polynomial arithmetic over GMP integers, where Fq12 is Fq[w]/(w^12 - 18w^6 + 82):
// u = w^6 - 9, since w^6 = xi = 9 + u and u² = -1.
#include "prover/pairing/tower.h"

#include <gmpxx.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/sim/sim_env.h"
#include "prover/pairing/test_util.h"
#include "prover/pairing/wnaf.h"

namespace prooflode {
namespace {

using Polynomial = std::vector<mpz_class>;  // 12 coefficients, each in [0, q)

mpz_class ToInteger(const Fq& a) {
  const Limbs limbs = a.ToCanonical();
  mpz_class result;
  mpz_import(result.get_mpz_t(), 4, -1, 8, 0, 0, limbs.data());
  return result;
}

mpz_class Modulus() {
  mpz_class q;
  mpz_import(q.get_mpz_t(), 4, -1, 8, 0, 0, Fq::kModulus.data());
  return q;
}

Polynomial ToPolynomial(const Fq12& a) {
  // a.c0.ck is the coefficient of v^k = w^(2k), a.c1.ck that of w^(2k + 1); each is c0 + c1·(w^6 - 9).
  const Fq2 parts[6] = {a.c0.c0, a.c1.c0, a.c0.c1, a.c1.c1, a.c0.c2, a.c1.c2};
  const mpz_class q = Modulus();
  Polynomial result(12);
  for (int i = 0; i < 6; ++i) {
    const mpz_class real = ToInteger(parts[i].c0);
    const mpz_class imaginary = ToInteger(parts[i].c1);
    result[i] = ((real - 9 * imaginary) % q + q) % q;
    result[i + 6] = imaginary;
  }
  return result;
}

Polynomial Multiply(const Polynomial& a, const Polynomial& b) {
  const mpz_class q = Modulus();
  std::vector<mpz_class> product(23);
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < 12; ++j) product[i + j] += a[i] * b[j];
  }
  for (int i = 22; i >= 12; --i) {  // w^i = 18·w^(i-6) - 82·w^(i-12)
    product[i - 6] += 18 * product[i];
    product[i - 12] -= 82 * product[i];
  }
  product.resize(12);
  for (mpz_class& c : product) c = (c % q + q) % q;
  return product;
}

Polynomial Power(const Polynomial& base, const mpz_class& exponent) {
  Polynomial result(12);
  result[0] = 1;
  for (size_t i = mpz_sizeinbase(exponent.get_mpz_t(), 2); i-- > 0;) {
    result = Multiply(result, result);
    if (mpz_tstbit(exponent.get_mpz_t(), i)) result = Multiply(result, base);
  }
  return result;
}

// An element of the cyclotomic subgroup.
Fq12 RandomCyclotomic(Random& random) {
  const Fq12 f = RandomFq12(random);
  const Fq12 g = f.Conjugate() * f.Inverse();
  return g.Frobenius().Frobenius() * g;
}

TEST(TowerTest, ProductsAgreeWithPolynomials) {
  SimRandom random(1);
  for (int i = 0; i < 50; ++i) {
    const Fq12 a = RandomFq12(random);
    const Fq12 b = RandomFq12(random);
    EXPECT_EQ(ToPolynomial(a * b), Multiply(ToPolynomial(a), ToPolynomial(b)));
    EXPECT_EQ(a.Square(), a * a);
  }
}

TEST(TowerTest, EdgeValuesAgreeWithPolynomials) {
  // Every coefficient zero, one or q - 1.
  SimRandom random(2);
  const Fq values[3] = {Fq::Zero(), Fq::One(), -Fq::One()};
  const auto pick = [&] { return Fq2{values[random.Below(3)], values[random.Below(3)]}; };
  for (int i = 0; i < 50; ++i) {
    const Fq12 a{{pick(), pick(), pick()}, {pick(), pick(), pick()}};
    const Fq12 b{{pick(), pick(), pick()}, {pick(), pick(), pick()}};
    EXPECT_EQ(ToPolynomial(a * b), Multiply(ToPolynomial(a), ToPolynomial(b)));
    EXPECT_EQ(a.Square(), a * a);
    EXPECT_EQ(a.MulByLine(b.c0.c0, b.c0.c1), (a * Fq12{Fq6::One(), {b.c0.c0, b.c0.c1, {}}}));
  }
}

TEST(TowerTest, InverseTimesValueIsOne) {
  SimRandom random(3);
  for (int i = 0; i < 20; ++i) {
    const Fq12 a = RandomFq12(random);
    EXPECT_TRUE((a * a.Inverse()).IsOne());
    EXPECT_EQ(a.c0 * a.c0.Inverse(), Fq6::One());
  }
  EXPECT_EQ(Fq12{}.Inverse(), Fq12{});
  EXPECT_TRUE(Fq12::One().Inverse().IsOne());
}

TEST(TowerTest, FrobeniusIsTheModulusPower) {
  SimRandom random(4);
  for (int i = 0; i < 3; ++i) {
    const Fq12 a = RandomFq12(random);
    EXPECT_EQ(ToPolynomial(a.Frobenius()), Power(ToPolynomial(a), Modulus()));
    Fq12 sixth = a;
    for (int j = 0; j < 6; ++j) sixth = sixth.Frobenius();
    EXPECT_EQ(sixth, a.Conjugate());
  }
}

TEST(TowerTest, LineProductIsTheSparseProduct) {
  SimRandom random(5);
  for (int i = 0; i < 20; ++i) {
    const Fq12 a = RandomFq12(random);
    const Fq2 b0 = RandomFq2(random);
    const Fq2 b1 = RandomFq2(random);
    const Fq12 line{Fq6::One(), {b0, b1, {}}};
    EXPECT_EQ(a.MulByLine(b0, b1), a * line);
  }
}

TEST(TowerTest, CyclotomicSquareIsTheSquareInItsSubgroup) {
  SimRandom random(6);
  for (int i = 0; i < 20; ++i) {
    const Fq12 a = RandomCyclotomic(random);
    EXPECT_EQ(a.CyclotomicSquare(), a.Square());
    EXPECT_EQ(a.Conjugate(), a.Inverse());
  }
  EXPECT_TRUE(Fq12::One().CyclotomicSquare().IsOne());
  // Outside the subgroup the two differ, so the test above can fail.
  const Fq12 outside = RandomFq12(random);
  EXPECT_NE(outside.CyclotomicSquare(), outside.Square());
}

TEST(TowerTest, CyclotomicPowUIsThePower) {
  SimRandom random(7);
  const Fq12 a = RandomCyclotomic(random);
  EXPECT_EQ(ToPolynomial(a.CyclotomicPowU()), Power(ToPolynomial(a), mpz_class(kBn254U)));
}

TEST(TowerTest, ParameterGivesTheModuli) {
  const mpz_class u(kBn254U);
  EXPECT_EQ(36 * u * u * u * u + 36 * u * u * u + 24 * u * u + 6 * u + 1, Modulus());
  mpz_class r;
  mpz_import(r.get_mpz_t(), 4, -1, 8, 0, 0, Fr::kModulus.data());
  EXPECT_EQ(Modulus() - 6 * u * u, r);
}

TEST(WnafTest, DigitsSumToTheValueAndKeepTheirDistance) {
  SimRandom random(8);
  for (int width = 2; width <= 6; ++width) {
    for (int i = 0; i < 50; ++i) {
      const uint64_t value = i == 0 ? 1 : random.Next64() | 1;
      const SignedDigits recoded = RecodeWnaf(value, width);
      __int128 sum = 0;
      int last = recoded.length + width;
      for (int j = recoded.length - 1; j >= 0; --j) {
        const int digit = recoded.digits[j];
        sum = 2 * sum + digit;
        if (digit == 0) continue;
        EXPECT_TRUE(digit & 1);
        EXPECT_LT(std::abs(digit), 1 << (width - 1));
        EXPECT_GE(last - j, width);
        last = j;
      }
      EXPECT_TRUE(sum == static_cast<__int128>(value));
      EXPECT_GT(recoded.digits[recoded.length - 1], 0);
    }
  }
}

}  // namespace
}  // namespace prooflode
