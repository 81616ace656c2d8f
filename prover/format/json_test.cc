#include "prover/format/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/sim/sim_env.h"
#include "prover/format/json_fixture.h"
#include "prover/groth16/trapdoor_key.h"
#include "prover/groth16/verify.h"

namespace prooflode {
namespace {

TEST(JsonTest, SnarkjsFilesRoundTripByteForByte) {
  const JsonFixture files;
  const auto key = ParseVerifyingKeyJson(files.key, "vkey.json");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(VerifyingKeyToJson(*key), files.key) << "vk_alphabeta_12 is the pairing as snarkjs computes it";
  const auto inputs = ParsePublicJson(files.inputs, "public.json");
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_EQ(PublicToJson(*inputs), files.inputs);
  const auto proof = ParseProofJson(files.proof, "proof.json");
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(ProofToJson(*proof), files.proof);
  EXPECT_TRUE(groth16::Verifier(*key).Verify(*inputs, *proof));
}

TEST(JsonTest, OurOwnKeysRoundTrip) {
  SimRandom random(1);
  for (const size_t count : {0, 1, 4}) {
    const groth16::TrapdoorKey t = groth16::MakeTrapdoorKey(count, random);
    const auto key = ParseVerifyingKeyJson(VerifyingKeyToJson(t.key), "vkey.json");
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(*key, t.key);
    std::vector<Fr> inputs(count, -Fr::One());
    const groth16::Proof proof = groth16::Simulate(t, inputs, random);
    EXPECT_EQ(ParseProofJson(ProofToJson(proof), "proof.json").value(), proof);
    EXPECT_EQ(ParsePublicJson(PublicToJson(inputs), "public.json").value(), inputs);
  }
  EXPECT_EQ(PublicToJson({}), "[]");
}

TEST(JsonTest, LayoutOrderAndUnknownMembersDoNotMatter) {
  const JsonFixture files;
  const auto reordered = [](const std::string& text) {
    return nlohmann::json::parse(text).dump();
  };  // sorted, compact
  EXPECT_EQ(ParseProofJson(reordered(files.proof), "p").value(), ParseProofJson(files.proof, "p").value());
  EXPECT_EQ(ParseVerifyingKeyJson(reordered(files.key), "k").value(),
            ParseVerifyingKeyJson(files.key, "k").value());
  EXPECT_TRUE(ParseProofJson(files.proof + "\r\n\t ", "p").ok());

  auto proof = nlohmann::json::parse(files.proof);
  proof["comment"] = {{"by", {1, 2.5, nullptr, true, "line\n\"\\"}}};
  proof.erase("curve");
  EXPECT_TRUE(ParseProofJson(proof.dump(), "p").ok());
  auto key = nlohmann::json::parse(files.key);
  key["comment"] = "";
  key.erase("vk_alphabeta_12");
  EXPECT_TRUE(ParseVerifyingKeyJson(key.dump(2), "k").ok());
}

TEST(JsonTest, SizeLimitsAreExact) {
  const JsonFixture files;
  const auto padded = [](std::string text, size_t size) {
    return text + std::string(size - text.size(), ' ');
  };
  EXPECT_TRUE(ParseProofJson(padded(files.proof, kProofJsonBytesMax), "p").ok());
  EXPECT_FALSE(ParseProofJson(padded(files.proof, kProofJsonBytesMax + 1), "p").ok());
  EXPECT_TRUE(ParseVerifyingKeyJson(padded(files.key, kVerifyingKeyJsonBytesMax), "k").ok());
  EXPECT_FALSE(ParseVerifyingKeyJson(padded(files.key, kVerifyingKeyJsonBytesMax + 1), "k").ok());
  EXPECT_TRUE(ParsePublicJson(padded(files.inputs, kPublicJsonBytesMax), "i").ok());
  EXPECT_FALSE(ParsePublicJson(padded(files.inputs, kPublicJsonBytesMax + 1), "i").ok());
}

TEST(JsonTest, WhatIsWrittenForTheMostPublicInputsIsRead) {
  const JsonFixture files;
  std::vector<Fr> inputs(groth16::kPublicInputsMax, -Fr::One());
  EXPECT_TRUE(ParsePublicJson(PublicToJson(inputs), "i").ok());
  inputs.push_back(Fr::One());
  EXPECT_FALSE(ParsePublicJson(PublicToJson(inputs), "i").ok());
  auto key = ParseVerifyingKeyJson(files.key, "k");
  ASSERT_TRUE(key.ok());
  key->ic.resize(size_t{groth16::kPublicInputsMax} + 1, key->alpha);
  EXPECT_TRUE(ParseVerifyingKeyJson(VerifyingKeyToJson(*key), "k").ok());
  key->ic.push_back(key->alpha);
  EXPECT_FALSE(ParseVerifyingKeyJson(VerifyingKeyToJson(*key), "k").ok());
}

TEST(JsonTest, FrToDecimalIsCanonical) {
  EXPECT_EQ(FrToDecimal(Fr::Zero()), "0");
  EXPECT_EQ(FrToDecimal(Fr::FromU64(1234567890123456789)), "1234567890123456789");
  EXPECT_EQ(FrToDecimal(-Fr::One()),
            "21888242871839275222246405745257275088548364400416034343698204186575808495616");
}

}  // namespace
}  // namespace prooflode
