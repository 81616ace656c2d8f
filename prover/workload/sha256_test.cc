#include "prover/workload/sha256.h"

#include "base/crypto.h"
#include "base/sim/sim_env.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prover/workload/soundness_testing.h"

namespace prooflode::workload {
namespace {

using ::testing::IsEmpty;

Circuit DigestOf(ByteSpan message) {
  Builder builder;
  std::vector<LinearCombination> bits;
  for (uint8_t byte : message) {
    for (int i = 7; i >= 0; --i) {
      bits.push_back(builder.PrivateInput(Fr::FromU64((byte >> i) & 1)));
      builder.AssertBit(bits.back());
    }
  }
  for (const LinearCombination& half : Sha256(builder, bits)) builder.PublicOutput(half);
  return std::move(builder).Finish();
}

void ExpectDigest(const Circuit& circuit, const Digest& want) {
  for (size_t half = 0; half < 2; ++half) {
    const Limbs limbs = {LoadBe<uint64_t>(want.data() + 16 * half + 8),
                         LoadBe<uint64_t>(want.data() + 16 * half), 0, 0};
    EXPECT_EQ(circuit.witness.values[1 + half], limbs);
  }
}

TEST(Sha256Gadget, EqualsTheHashAtEveryPadding) {
  SimRandom random(3);
  for (size_t size : {0, 1, 3, 55, 56, 64, 119, 120, 496}) {
    std::vector<uint8_t> message(size);
    random.Fill(message);
    const Circuit circuit = DigestOf(message);
    ExpectDigest(circuit, prooflode::Sha256(message));
    EXPECT_EQ(FirstUnsatisfied(circuit.system, circuit.witness.values), std::nullopt) << size << " bytes";
  }
}

TEST(Sha256Gadget, NothingIsFree) {
  SimRandom random(4);
  std::vector<uint8_t> message(70);
  random.Fill(message);
  const Circuit circuit = DigestOf(message);
  EXPECT_THAT(FreeWires(circuit), IsEmpty());
  EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
}

TEST(Sha256Gadget, IsEconomical) {
  std::vector<uint8_t> message(64 * 4);
  const size_t five_blocks = DigestOf(message).system.constraint_count();
  message.resize(64 * 3);
  const size_t four_blocks = DigestOf(message).system.constraint_count();
  EXPECT_LT(five_blocks - four_blocks, 27'500U);  // 512 of them make bits of the message
}

}  // namespace
}  // namespace prooflode::workload
