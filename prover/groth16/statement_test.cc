#include "prover/groth16/statement.h"

#include <gtest/gtest.h>

#include <string>

#include "base/crypto.h"

namespace prooflode::groth16 {
namespace {

VerifyingKey SomeKey() {
  return {.alpha = G1Generator(),
          .beta = G2Generator(),
          .gamma = G2Generator(),
          .delta = -G2Generator(),
          .ic = {G1Generator(), -G1Generator()}};
}

// The definition once more, from the generators' coordinates as EIP-197 prints them.
TEST(Statement, DigestsAreThoseOfTheDefinition) {
  const std::string g1 = std::string(63, '0') + "1" + std::string(63, '0') + "2";
  const std::string g1_negated =
      std::string(63, '0') + "1" + "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45";
  const std::string g2_x =
      "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
      "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed";
  const std::string g2 = g2_x +
                         "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
                         "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
  const std::string g2_negated = g2_x +
                                 "275dc4a288d1afb3cbb1ac09187524c7db36395df7be3b99e673b13a075a65ec"
                                 "1d9befcd05a5323e6da4d435f3b617cdb3af83285c2df711ef39c01571827f9d";
  const std::string message =
      "prooflode/v1/verifying-key" + *HexDecode("0001" + g1 + g2 + g2 + g2_negated + g1 + g1_negated);
  const Digest key = VerifyingKeyDigest(SomeKey());
  EXPECT_EQ(key, Sha256(AsBytes(message)));

  const Digest zkey = Sha256(AsBytes("zkey"));
  const Digest r1cs = Sha256(AsBytes("r1cs"));
  const auto circuit = [&](const std::string& system) {
    return Sha256(AsBytes("prooflode/v1/circuit" + std::string(1, '\0') + std::string(AsChars(key)) +
                          std::string(AsChars(zkey)) + system));
  };
  EXPECT_EQ(CircuitId(key, zkey, r1cs), circuit(std::string(AsChars(r1cs))));
  EXPECT_EQ(CircuitId(key, zkey, std::nullopt), circuit(std::string(32, '\0')));

  const std::string inputs(64, '\5');
  const std::string statement =
      "prooflode/v1/statement" + std::string(1, '\0') + std::string(AsChars(key)) + inputs;
  EXPECT_EQ(StatementDigest(key, AsBytes(inputs)), Sha256(AsBytes(statement)));
}

TEST(Statement, EveryPartOfTheKeyCounts) {
  const Digest digest = VerifyingKeyDigest(SomeKey());
  VerifyingKey other = SomeKey();
  other.alpha = -other.alpha;
  EXPECT_NE(VerifyingKeyDigest(other), digest);
  other = SomeKey();
  other.gamma = -other.gamma;
  EXPECT_NE(VerifyingKeyDigest(other), digest);
  other = SomeKey();
  other.ic.pop_back();
  EXPECT_NE(VerifyingKeyDigest(other), digest);
}

}  // namespace
}  // namespace prooflode::groth16
