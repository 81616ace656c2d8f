#include "prover/pairing/pairing.h"

#include <gmpxx.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/sim/sim_env.h"
#include "prover/pairing/test_util.h"

namespace prooflode {
namespace {

mpz_class ToInteger(const Limbs& limbs) {
  mpz_class result;
  mpz_import(result.get_mpz_t(), 4, -1, 8, 0, 0, limbs.data());
  return result;
}

Fq12 Power(const Fq12& base, const mpz_class& exponent) {
  Fq12 result = Fq12::One();
  for (size_t i = mpz_sizeinbase(exponent.get_mpz_t(), 2); i-- > 0;) {
    result = result * result;
    if (mpz_tstbit(exponent.get_mpz_t(), i)) result = result * base;
  }
  return result;
}

Fq12 Power(const Fq12& base, const Fr& exponent) { return Power(base, ToInteger(exponent.ToCanonical())); }

TEST(PairingTest, FinalExponentiationIsThePower) {
  const mpz_class q = ToInteger(Fq::kModulus);
  const mpz_class r = ToInteger(Fr::kModulus);
  const mpz_class u(kBn254U);
  mpz_class q12;
  mpz_pow_ui(q12.get_mpz_t(), q.get_mpz_t(), 12);
  ASSERT_EQ((q12 - 1) % r, 0);
  const mpz_class exponent = (q12 - 1) / r * 2 * u * (6 * u * u + 3 * u + 1);
  SimRandom random(1);
  for (int i = 0; i < 2; ++i) {
    const Fq12 f = RandomFq12(random);
    EXPECT_EQ(FinalExponentiation(f), Power(f, exponent));
  }
}

TEST(PairingTest, BilinearAndNonDegenerate) {
  SimRandom random(2);
  const Fq12 base = Pairing(G1Generator(), G2Generator());
  EXPECT_FALSE(base.IsOne());
  EXPECT_TRUE(Power(base, ToInteger(Fr::kModulus)).IsOne());
  for (int i = 0; i < 5; ++i) {
    const Fr a = RandomField<Fr>(random);
    const Fr b = RandomField<Fr>(random);
    const Fq12 expected = Power(base, a * b);
    EXPECT_EQ(Pairing(Times(G1Generator(), a), Times(G2Generator(), b)), expected);
    EXPECT_EQ(Pairing(Times(G1Generator(), b), Times(G2Generator(), a)), expected);
  }
  const G1Affine p = RandomG1(random);
  const G2Affine q = RandomG2(random);
  EXPECT_EQ(Pairing(-p, q), Pairing(p, -q));
  EXPECT_TRUE((Pairing(-p, q) * Pairing(p, q)).IsOne());
}

TEST(PairingTest, ExtremeScalars) {
  const Fq12 base = Pairing(G1Generator(), G2Generator());
  const Fr scalars[] = {Fr::One(), Fr::FromU64(2), Fr::FromU64(3), -Fr::One(), -Fr::FromU64(2)};
  for (const Fr& a : scalars) {
    for (const Fr& b : scalars) {
      EXPECT_EQ(Pairing(Times(G1Generator(), a), Times(G2Generator(), b)), Power(base, a * b));
    }
  }
}

TEST(PairingTest, InfinityPairsToOne) {
  EXPECT_TRUE(Pairing(G1Affine::Infinity(), G2Generator()).IsOne());
  EXPECT_TRUE(Pairing(G1Generator(), G2Affine::Infinity()).IsOne());
  EXPECT_TRUE(MillerProduct({}).IsOne());
}

TEST(PairingTest, ProductIsTheProductOfPairings) {
  SimRandom random(3);
  std::vector<G1Affine> p;
  std::vector<PreparedG2> prepared;
  Fq12 expected = Fq12::One();
  for (int i = 0; i < 4; ++i) {
    p.push_back(i == 2 ? G1Affine::Infinity() : RandomG1(random));
    const G2Affine q = RandomG2(random);
    prepared.push_back(PrepareG2(q));
    expected = expected * Pairing(p.back(), q);
  }
  std::vector<PairingInput> pairs;
  for (int i = 0; i < 4; ++i) pairs.push_back({p[i], &prepared[i]});
  EXPECT_EQ(FinalExponentiation(MillerProduct(pairs)), expected);
}

Fq DecodeFq(ByteSpan bytes) {
  const std::optional<Fq> value = Fq::FromBigEndian(bytes.first<32>());
  EXPECT_TRUE(value.has_value());
  return value.value_or(Fq::Zero());
}

TEST(PairingTest, Eip197Vectors) {
  std::ifstream file(PROOFLODE_VECTORS "/eip197/pairing.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  ASSERT_GE(vectors.size(), 8u);
  for (const auto& vector : vectors) {
    const std::string input = HexDecode(vector["input"].get<std::string>()).value();
    const ByteSpan bytes = AsBytes(input);
    ASSERT_EQ(bytes.size() % 192, 0u);
    Fq12 product = Fq12::One();
    for (size_t at = 0; at < bytes.size(); at += 192) {
      const auto coordinate = [&](size_t i) { return DecodeFq(bytes.subspan(at + 32 * i, 32)); };
      const G1Affine p{coordinate(0), coordinate(1)};
      const G2Affine q{{coordinate(3), coordinate(2)}, {coordinate(5), coordinate(4)}};
      ASSERT_TRUE(IsOnCurve(p) && IsOnCurve(q) && IsInSubgroup(q)) << vector["name"];
      product = product * Pairing(p, q);
    }
    EXPECT_EQ(product.IsOne(), vector["output"] == 1) << vector["name"];
  }
}

}  // namespace
}  // namespace prooflode
