#include "prover/workload/poseidon.h"

#include "base/sim/sim_env.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prover/workload/poseidon_constants.h"
#include "prover/workload/random_field.h"
#include "prover/workload/soundness_testing.h"

namespace prooflode::workload {
namespace {

using ::testing::IsEmpty;

Fr FromDecimal(std::string_view text) {
  Fr value;
  for (char c : text) value = value * Fr::FromU64(10) + Fr::FromU64(static_cast<uint64_t>(c - '0'));
  return value;
}

std::vector<Fr> Counting(uint64_t count) {
  std::vector<Fr> out;
  for (uint64_t i = 1; i <= count; ++i) out.push_back(Fr::FromU64(i));
  return out;
}

// Values that circomlib's test suite and EIP-5988's reference give.
TEST(Poseidon, KnownHashes) {
  EXPECT_EQ(Poseidon(Counting(2)),
            FromDecimal("7853200120776062878684798364095072458815029376092732009249414926327459813530"));
  EXPECT_EQ(Poseidon(Counting(4)),
            FromDecimal("18821383157269793795438455681495246036402687001665670618754263018637548127333"));
}

TEST(PoseidonConstants, InverseUndoesMixAndElementsAreNotZero) {
  for (int width = kPoseidonWidthMin; width <= kPoseidonWidthMax; ++width) {
    const PoseidonParameters& p = PoseidonParametersFor(width);
    ASSERT_EQ(p.round_constants.size(), static_cast<size_t>(width * p.rounds()));
    for (int i = 0; i < width; ++i) {
      for (int j = 0; j < width; ++j) {
        EXPECT_FALSE(p.mix_at(i, j).IsZero());
        Fr sum;
        for (int k = 0; k < width; ++k) sum += p.mix_at(i, k) * p.mix_inverse_at(k, j);
        EXPECT_EQ(sum, i == j ? Fr::One() : Fr::Zero());
      }
    }
  }
}

TEST(Poseidon, GadgetEqualsNativeAtEveryWidth) {
  SimRandom random(2);
  for (size_t count = 1; count <= kPoseidonInputsMax; ++count) {
    std::vector<Fr> values;
    std::vector<LinearCombination> wires;
    Builder builder;
    for (size_t i = 0; i < count; ++i) {
      values.push_back(UniformElement<Fr>(random));
      wires.push_back(builder.PrivateInput(values.back()));
    }
    const LinearCombination hash = Poseidon(builder, wires);
    EXPECT_EQ(hash.value(), Poseidon(values));
    EXPECT_LE(hash.terms().size(), count + 1);
    builder.PublicOutput(hash);
    const Circuit circuit = std::move(builder).Finish();
    EXPECT_EQ(ValuesOf(circuit)[1], Poseidon(values));
    EXPECT_EQ(FirstUnsatisfied(circuit.system, circuit.witness.values), std::nullopt) << count;
    EXPECT_THAT(UndeterminedWires(circuit), IsEmpty()) << count;
    EXPECT_THAT(FreeWires(circuit), IsEmpty()) << count;
  }
}

TEST(Poseidon, GadgetIsEconomical) {
  for (const auto& [count, constraints] : {std::pair<uint64_t, size_t>{2, 246}, {4, 309}, {5, 336}}) {
    Builder builder;
    std::vector<LinearCombination> wires;
    for (const Fr& value : Counting(count)) wires.push_back(builder.PrivateInput(value));
    Poseidon(builder, wires);
    EXPECT_EQ(builder.constraint_count(), constraints);
    const Circuit circuit = std::move(builder).Finish();
    EXPECT_LT(circuit.system.terms.size(), 8 * constraints) << "terms a constraint have grown";
  }
}

TEST(Poseidon, ConstantInputsAreAllowed) {
  Builder builder;
  const std::vector<LinearCombination> wires = {LinearCombination::Constant(1),
                                                LinearCombination::Constant(2)};
  EXPECT_EQ(Poseidon(builder, wires).value(), Poseidon(Counting(2)));
}

}  // namespace
}  // namespace prooflode::workload
