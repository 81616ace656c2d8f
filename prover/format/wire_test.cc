#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "prover/format/json.h"
#include "prover/pairing/test_util.h"

namespace prooflode {
namespace {

groth16::Proof RandomProof(uint64_t seed) {
  SimRandom random(seed);
  return {RandomG1(random), RandomG2(random), RandomG1(random)};
}

TEST(WireTest, ProofsRoundTrip) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const groth16::Proof proof = RandomProof(seed);
    const groth16::ProofBytes bytes = EncodeProof(proof);
    EXPECT_EQ(DecodeProof(bytes).value(), proof);
  }
}

TEST(WireTest, OrderIsThatOfEip197) {
  const groth16::ProofBytes bytes = EncodeProof({G1Generator(), G2Generator(), -G1Generator()});
  EXPECT_EQ(HexEncode(bytes),
            "0000000000000000000000000000000000000000000000000000000000000001"
            "0000000000000000000000000000000000000000000000000000000000000002"
            "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
            "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
            "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
            "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
            "0000000000000000000000000000000000000000000000000000000000000001"
            "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45");
}

TEST(WireTest, RefusesOtherLengths) {
  const groth16::ProofBytes bytes = EncodeProof(RandomProof(1));
  std::string longer(AsChars(bytes));
  longer += std::string(2, '\0');
  for (const size_t size : {0, 1, 127, 128, 129, 255, 257}) {
    EXPECT_EQ(DecodeProof(AsBytes(longer).first(size)).status().code(), absl::StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(WireTest, RefusesUnreducedCoordinatesFlagsAndInfinity) {
  const groth16::ProofBytes good = EncodeProof(RandomProof(2));
  for (size_t i = 0; i < 8; ++i) {
    groth16::ProofBytes bad = good;

    Limbs value = Fq::FromBigEndian(std::span(good).subspan(32 * i).first<32>())->ToCanonical();
    fp_internal::Add(value, value, Fq::kModulus);
    for (size_t j = 0; j < 32; ++j)
      bad[32 * i + j] = static_cast<uint8_t>(value[3 - j / 8] >> (56 - 8 * (j % 8)));
    EXPECT_THAT(std::string(DecodeProof(bad).status().message()), testing::HasSubstr("is not below q")) << i;
    bad = good;
    bad[32 * i] |= 0x80;
    EXPECT_FALSE(DecodeProof(bad).ok()) << i;
    bad = good;
    bad[32 * i + 31] ^= 1;
    EXPECT_FALSE(DecodeProof(bad).ok()) << i;
  }
  for (const auto& [start, size] : {std::pair{0, 64}, std::pair{64, 128}, std::pair{192, 64}}) {
    groth16::ProofBytes bad = good;
    std::fill_n(bad.begin() + start, size, uint8_t{0});
    EXPECT_THAT(std::string(DecodeProof(bad).status().message()), testing::HasSubstr("infinity"));
  }
  EXPECT_FALSE(DecodeProof(groth16::ProofBytes{}).ok());
}

TEST(WireTest, RefusesBOutsideItsSubgroup) {
  groth16::Proof proof = RandomProof(3);
  proof.b = OutsideSubgroup();
  EXPECT_THAT(std::string(DecodeProof(EncodeProof(proof)).status().message()),
              testing::HasSubstr("subgroup"));
}

TEST(WireTest, PublicInputs) {
  SimRandom random(4);
  const std::vector<Fr> inputs = {Fr::Zero(), Fr::One(), -Fr::One(), RandomField<Fr>(random)};
  const std::string bytes = EncodePublicInputs(inputs);
  ASSERT_EQ(bytes.size(), 128u);
  EXPECT_EQ(bytes[63], 1);
  EXPECT_EQ(DecodePublicInputs(AsBytes(bytes)).value(), inputs);
  EXPECT_TRUE(DecodePublicInputs({})->empty());
  for (const size_t size : {1, 31, 33, 127})
    EXPECT_FALSE(DecodePublicInputs(AsBytes(bytes).first(size)).ok());
  std::string modulus = HexDecode("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001").value();
  EXPECT_FALSE(DecodePublicInputs(AsBytes(modulus)).ok());
  modulus[31] = 0;
  EXPECT_EQ(DecodePublicInputs(AsBytes(modulus)).value(), std::vector<Fr>{-Fr::One()});
  EXPECT_FALSE(DecodePublicInputs(AsBytes(std::string(32, '\xff'))).ok());
}

}  // namespace
}  // namespace prooflode
