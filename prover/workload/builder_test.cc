#include "prover/workload/builder.h"

#include "base/sim/sim_env.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prover/workload/random_field.h"
#include "prover/workload/soundness_testing.h"

namespace prooflode::workload {
namespace {

using ::testing::IsEmpty;

bool AllSatisfied(const Circuit& circuit) {
  return FirstUnsatisfied(circuit.system, circuit.witness.values) == std::nullopt;
}

TEST(LinearCombination, MergesCancelsAndKeepsOrder) {
  const auto x = LinearCombination::Wire(3, Fr::FromU64(10));
  const auto y = LinearCombination::Wire(5, Fr::FromU64(20));
  LinearCombination sum = y + x * Fr::FromU64(2) + LinearCombination::Constant(7);
  ASSERT_EQ(sum.terms().size(), 3U);
  EXPECT_EQ(sum.terms()[0].wire, 0U);
  EXPECT_EQ(sum.terms()[1].wire, 3U);
  EXPECT_EQ(sum.terms()[1].coefficient(), Fr::FromU64(2));
  EXPECT_EQ(sum.terms()[2].wire, 5U);
  EXPECT_EQ(sum.value(), Fr::FromU64(47));
  sum -= y;
  EXPECT_EQ(sum.terms().size(), 2U);
  sum -= x * Fr::FromU64(2);
  EXPECT_TRUE(sum.IsConstant());
  EXPECT_FALSE((x - x).IsConstant() && !(x - x).terms().empty());
  EXPECT_TRUE((x * Fr::Zero()).terms().empty());
}

TEST(Builder, PutsWiresInFileOrder) {
  Builder builder;
  const auto a = builder.PrivateInput(Fr::FromU64(3));
  const auto square = builder.Mul(a, a);
  const auto b = builder.PublicInput(Fr::FromU64(5));
  builder.PublicOutput(builder.Mul(square, b));
  const auto c = builder.PrivateInput(Fr::FromU64(8));
  builder.AssertEqual(c, a + b);
  const Circuit circuit = std::move(builder).Finish();

  EXPECT_EQ(circuit.system.wire_count, 7U);
  EXPECT_EQ(circuit.system.public_output_count, 1U);
  EXPECT_EQ(circuit.system.public_input_count, 1U);
  EXPECT_EQ(circuit.system.private_input_count, 2U);
  const std::vector<uint64_t> want = {1, 45, 5, 3, 8, 9, 45};
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(circuit.witness.values[i], (Limbs{want[i], 0, 0, 0})) << i;
  EXPECT_TRUE(AllSatisfied(circuit));
  for (size_t i = 0; i < circuit.system.constraint_count(); ++i) {
    for (int which = 0; which < 3; ++which) {
      const auto terms = circuit.system.combination(i, which);
      for (size_t j = 1; j < terms.size(); ++j) EXPECT_LT(terms[j - 1].wire, terms[j].wire);
    }
  }
}

TEST(Builder, ConstantsCostNothing) {
  Builder builder;
  const auto two = LinearCombination::Constant(2);
  const auto x = builder.PrivateInput(Fr::FromU64(9));
  EXPECT_EQ(builder.Mul(two, x).value(), Fr::FromU64(18));
  EXPECT_EQ(builder.Mul(two, two).value(), Fr::FromU64(4));
  EXPECT_EQ(builder.MulAdd(x, two, x).value(), Fr::FromU64(27));
  EXPECT_EQ(Pack(builder.Bits(two, 5)).value(), Fr::FromU64(2));
  EXPECT_EQ(builder.Shorten(x).terms().size(), 1U);
  builder.AssertEqual(x, x);
  EXPECT_EQ(builder.constraint_count(), 0U);
}

TEST(Builder, CircuitWithoutPublicInputs) {
  Builder builder;
  const auto x = builder.PrivateInput(Fr::FromU64(6));
  const auto y = builder.PrivateInput(Fr::FromU64(7));
  builder.AssertEqual(builder.Mul(x, y), LinearCombination::Constant(42));
  const Circuit circuit = std::move(builder).Finish();
  EXPECT_EQ(circuit.system.public_count(), 0U);
  EXPECT_EQ(circuit.system.wire_count, 4U);
  EXPECT_TRUE(AllSatisfied(circuit));
  EXPECT_THAT(FreeWires(circuit), IsEmpty());
}

TEST(Builder, SelectChooses) {
  for (uint64_t bit : {0, 1}) {
    Builder builder;
    const auto b = builder.PrivateInput(Fr::FromU64(bit));
    builder.AssertBit(b);
    const auto x = builder.PrivateInput(Fr::FromU64(11));
    const auto y = builder.PrivateInput(Fr::FromU64(22));
    EXPECT_EQ(Select(builder, b, x, y).value(), Fr::FromU64(bit == 1 ? 11 : 22));
    const Circuit circuit = std::move(builder).Finish();
    EXPECT_TRUE(AllSatisfied(circuit));
    EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
  }
}

TEST(Builder, BitsRefuseWhatDoesNotFit) {
  for (uint64_t value : {0, 1, 255, 256, 257}) {
    Builder builder;
    const auto bits = builder.Bits(builder.PrivateInput(Fr::FromU64(value)), 8);
    EXPECT_EQ(Pack(bits).value(), Fr::FromU64(value & 255));
    const Circuit circuit = std::move(builder).Finish();
    EXPECT_EQ(AllSatisfied(circuit), value < 256) << value;
    EXPECT_EQ(circuit.system.constraint_count(), 9U);
  }
  Builder builder;
  builder.Bits(builder.PrivateInput(-Fr::One()), 253);
  EXPECT_FALSE(AllSatisfied(std::move(builder).Finish()));
}

// Every value of 6 bits against every bound: exhaustive, and every bound is honoured exactly.
TEST(Builder, BitsAtMostIsExact) {
  for (uint64_t max = 1; max < 64; ++max) {
    int count = 0;
    while ((max >> count) != 0) ++count;
    for (uint64_t value = 0; value < 70; ++value) {
      Builder builder;
      const auto bits =
          builder.BitsAtMost(builder.PrivateInput(Fr::FromU64(value)), count, Limbs{max, 0, 0, 0});
      const Circuit circuit = std::move(builder).Finish();
      EXPECT_EQ(AllSatisfied(circuit), value <= max) << value << " at most " << max;
      if (value <= max) {
        EXPECT_THAT(FreeWires(circuit), IsEmpty()) << value << " at most " << max;
        EXPECT_THAT(UndeterminedWires(circuit), IsEmpty()) << value << " at most " << max;
      }
    }
  }
}

// The 254-bit forms of x and x + r are both sums of bits that equal x in the field: only the first may pass.
TEST(Builder, BitsAtMostGivesTheCanonicalForm) {
  Limbs max{};
  fp_internal::Sub(max, Fr::kModulus, {1, 0, 0, 0});
  for (const Fr& value : {Fr::Zero(), Fr::FromU64(5), -Fr::One()}) {
    Builder builder;
    builder.BitsAtMost(builder.PrivateInput(value), 254, max);
    Circuit circuit = std::move(builder).Finish();
    EXPECT_TRUE(AllSatisfied(circuit));
    EXPECT_THAT(FreeWires(circuit), IsEmpty());
    EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
  }
}

TEST(Soundness, SeesForgottenWires) {
  Builder builder;
  const auto x = builder.PrivateInput(Fr::FromU64(6));
  const auto forgotten = builder.Intermediate(Fr::FromU64(1));
  const auto p = builder.Intermediate(Fr::FromU64(2));
  const auto q = builder.Intermediate(Fr::FromU64(3));
  builder.Constrain(p, q, x);  // either determines the other, nothing determines both
  const Circuit circuit = std::move(builder).Finish();
  EXPECT_THAT(FreeWires(circuit), ::testing::ElementsAre(2U));
  EXPECT_THAT(UndeterminedWires(circuit), ::testing::ElementsAre(2U, 3U, 4U));
}

TEST(RandomField, StaysBelowTheModulusAndVaries) {
  SimRandom random(1);
  Fr previous;
  for (int i = 0; i < 100; ++i) {
    const Fr value = UniformElement<Fr>(random);
    EXPECT_TRUE(value.IsReduced());
    EXPECT_FALSE(value == previous);
    previous = value;
  }
}

}  // namespace
}  // namespace prooflode::workload
