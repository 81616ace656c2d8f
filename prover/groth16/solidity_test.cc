#include "prover/groth16/solidity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/sim/sim_env.h"
#include "prover/format/json.h"
#include "prover/format/json_fixture.h"
#include "prover/groth16/trapdoor_key.h"

namespace prooflode::groth16 {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SolidityTest, CalldataIsThatOfSnarkjs) {
  const JsonFixture files;
  EXPECT_EQ(Calldata(ParseProofJson(files.proof, "p").value(), ParsePublicJson(files.inputs, "i").value()),
            ReadVector("chain68.calldata.txt"));
}

TEST(SolidityTest, CalldataListsInputs) {
  const Proof proof{G1Generator(), G2Generator(), G1Generator()};
  const std::string one = "\"0x" + std::string(63, '0') + "1\"";
  EXPECT_THAT(Calldata(proof, {}), testing::EndsWith("],[]"));
  EXPECT_THAT(Calldata(proof, std::vector<Fr>{Fr::One(), Fr::One()}),
              testing::EndsWith("],[" + one + "," + one + "]"));
}

TEST(SolidityTest, ContractHoldsTheWholeKey) {
  SimRandom random(1);
  const TrapdoorKey t = MakeTrapdoorKey(2, random);
  const std::string contract = SolidityVerifier(t.key);
  EXPECT_THAT(contract, HasSubstr("R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;"));
  EXPECT_THAT(contract, HasSubstr("uint256[2] calldata input\n"));
  const auto hex = [](const Fq& value) {
    std::array<uint8_t, 32> bytes;
    value.ToBigEndian(bytes);
    return "0x" + HexEncode(bytes) + ";";
  };
  std::vector<std::pair<std::string, Fq>> constants = {
      {"BETA_X0", t.key.beta.x.c0},           {"BETA_Y1", t.key.beta.y.c1},
      {"NEGATED_ALPHA_X", t.key.alpha.x},     {"NEGATED_ALPHA_Y", -t.key.alpha.y},
      {"NEGATED_GAMMA_X1", t.key.gamma.x.c1}, {"NEGATED_GAMMA_Y1", -t.key.gamma.y.c1},
      {"NEGATED_DELTA_Y0", -t.key.delta.y.c0}};
  for (int i = 0; i < 3; ++i) {
    constants.push_back({"IC" + std::to_string(i) + "_X", t.key.ic[i].x});
    constants.push_back({"IC" + std::to_string(i) + "_Y", t.key.ic[i].y});
  }
  for (const auto& [name, value] : constants)
    EXPECT_THAT(contract, HasSubstr(" " + name + " = " + hex(value)));
  EXPECT_THAT(contract, HasSubstr("addMultiple(sum, IC1_X, IC1_Y, input[0])"));
  EXPECT_THAT(contract, HasSubstr("addMultiple(sum, IC2_X, IC2_Y, input[1])"));
  EXPECT_THAT(contract, Not(HasSubstr("$")));
}

TEST(SolidityTest, NoInputParameterWithoutInputs) {
  SimRandom random(2);
  const std::string contract = SolidityVerifier(MakeTrapdoorKey(0, random).key);
  EXPECT_THAT(contract, HasSubstr("uint256[2] calldata c\n    ) external"));
  EXPECT_THAT(contract, Not(HasSubstr("addMultiple")));
  EXPECT_THAT(contract, Not(HasSubstr("$")));
}

}  // namespace
}  // namespace prooflode::groth16
