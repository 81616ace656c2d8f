#include "prover/workload/eddsa.h"

#include "base/sim/sim_env.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prover/workload/random_field.h"
#include "prover/workload/soundness_testing.h"

namespace prooflode::workload {
namespace {

using ::testing::IsEmpty;

bool Satisfied(const Circuit& circuit) {
  return FirstUnsatisfied(circuit.system, circuit.witness.values) == std::nullopt;
}

Limbs RandomScalar(Random& random) { return UniformElement<BabyJubjubScalar>(random).ToCanonical(); }

TEST(BabyJubjub, GroupLaws) {
  SimRandom random(11);
  const BabyJubjubPoint& base = BabyJubjubBase();
  EXPECT_TRUE(IsOnBabyJubjub(base));
  EXPECT_EQ(MultiplyVartime(BabyJubjubScalar::kModulus, base), BabyJubjubPoint{});
  for (int i = 0; i < 5; ++i) {
    const auto p = MultiplyVartime(RandomScalar(random), base);
    const auto q = MultiplyVartime(RandomScalar(random), base);
    const auto r = MultiplyVartime(RandomScalar(random), base);
    EXPECT_TRUE(IsOnBabyJubjub(Add(p, q)));
    EXPECT_EQ(Add(p, q), Add(q, p));
    EXPECT_EQ(Add(Add(p, q), r), Add(p, Add(q, r)));
    EXPECT_EQ(Add(p, {}), p);
    EXPECT_EQ(Add(p, {-p.x, p.y}), BabyJubjubPoint{});
    EXPECT_EQ(MultiplyVartime({3, 0, 0, 0}, p), Add(p, Add(p, p)));
  }
  EXPECT_FALSE(IsOnBabyJubjub({base.x, base.x}));
}

TEST(BabyJubjubGadget, AddsAndDoublesEverything) {
  SimRandom random(12);
  const auto p = MultiplyVartime(RandomScalar(random), BabyJubjubBase());
  const auto q = MultiplyVartime(RandomScalar(random), BabyJubjubBase());
  const BabyJubjubPoint order_two = {Fr::Zero(), -Fr::One()};
  for (const auto& a : {p, BabyJubjubPoint{}, order_two}) {
    for (const auto& b : {q, p, BabyJubjubPoint{-p.x, p.y}, BabyJubjubPoint{}, order_two}) {
      Builder builder;
      const PointWires first = PrivatePoint(builder, a);
      const PointWires second = PrivatePoint(builder, b);
      AssertOnCurve(builder, first);
      EXPECT_EQ(Add(builder, first, second).value(), Add(a, b));
      EXPECT_EQ(Double(builder, first).value(), Add(a, a));
      EXPECT_EQ(builder.constraint_count(), 14U);
      const Circuit circuit = std::move(builder).Finish();
      EXPECT_TRUE(Satisfied(circuit));
      EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
    }
  }
}

TEST(BabyJubjubGadget, RefusesPointsOffTheCurve) {
  Builder builder;
  AssertOnCurve(builder, PrivatePoint(builder, {Fr::FromU64(1), Fr::FromU64(2)}));
  EXPECT_FALSE(Satisfied(std::move(builder).Finish()));
}

TEST(BabyJubjubGadget, MultipliesLikeTheCurve) {
  SimRandom random(13);
  const auto point = MultiplyVartime(RandomScalar(random), BabyJubjubBase());
  for (const Limbs& scalar :
       {Limbs{0, 0, 0, 0}, Limbs{1, 0, 0, 0}, Limbs{5, 0, 0, 0}, RandomScalar(random)}) {
    for (int count : {7, 251}) {
      Limbs masked = scalar;
      if (count == 7) masked = {scalar[0] & 127, 0, 0, 0};
      Builder builder;
      std::vector<LinearCombination> bits;
      for (int i = 0; i < count; ++i) {
        bits.push_back(builder.PrivateInput(Fr::FromU64(LimbBit(masked, i) ? 1 : 0)));
        builder.AssertBit(bits.back());
      }
      const PointWires wires = PrivatePoint(builder, point);
      EXPECT_EQ(Multiply(builder, bits, wires).value(), MultiplyVartime(masked, point));
      EXPECT_EQ(MultiplyBase(builder, bits).value(), MultiplyVartime(masked, BabyJubjubBase()));
      const Circuit circuit = std::move(builder).Finish();
      EXPECT_TRUE(Satisfied(circuit));
      EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
    }
  }
}

TEST(Eddsa, VerifiesItsOwnAndNothingElse) {
  SimRandom random(14);
  const EddsaKey key = MakeEddsaKey(random);
  const EddsaKey other = MakeEddsaKey(random);
  const Fr message = UniformElement<Fr>(random);
  const EddsaSignature signature = EddsaSign(key, message);
  EXPECT_TRUE(EddsaVerify(key.point, message, signature));
  EXPECT_EQ(EddsaSign(key, message).s, signature.s);
  EXPECT_FALSE(EddsaVerify(key.point, message + Fr::One(), signature));
  EXPECT_FALSE(EddsaVerify(other.point, message, signature));
  EXPECT_FALSE(EddsaVerify(key.point, message, {signature.r, EddsaSign(key, message + Fr::One()).s}));
  EXPECT_FALSE(EddsaVerify(key.point, message, {other.point, signature.s}));
  Limbs malleated{};
  fp_internal::Add(malleated, signature.s, BabyJubjubScalar::kModulus);
  EXPECT_FALSE(EddsaVerify(key.point, message, {signature.r, malleated}));
  EXPECT_FALSE(EddsaVerify({}, message, signature));
}

Circuit VerifyCircuit(const BabyJubjubPoint& key, const Fr& message, const EddsaSignature& signature) {
  Builder builder;
  const PointWires key_wires = PrivatePoint(builder, key);
  const LinearCombination message_wire = builder.PrivateInput(message);
  AssertEddsa(builder, key_wires, message_wire, PrivateSignature(builder, signature));
  return std::move(builder).Finish();
}

TEST(EddsaGadget, AcceptsWhatVerifies) {
  SimRandom random(15);
  const EddsaKey key = MakeEddsaKey(random);
  const Fr message = UniformElement<Fr>(random);
  const Circuit circuit = VerifyCircuit(key.point, message, EddsaSign(key, message));
  EXPECT_TRUE(Satisfied(circuit));
  EXPECT_EQ(circuit.system.constraint_count(), 4705U);
  EXPECT_THAT(FreeWires(circuit), IsEmpty());
  EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
}

TEST(EddsaGadget, RefusesWhatDoesNotVerify) {
  SimRandom random(16);
  const EddsaKey key = MakeEddsaKey(random);
  const EddsaKey other = MakeEddsaKey(random);
  const Fr message = UniformElement<Fr>(random);
  const EddsaSignature signature = EddsaSign(key, message);
  EXPECT_FALSE(Satisfied(VerifyCircuit(key.point, message + Fr::One(), signature)));
  EXPECT_FALSE(Satisfied(VerifyCircuit(other.point, message, signature)));
  EXPECT_FALSE(Satisfied(VerifyCircuit(key.point, message, {other.point, signature.s})));
  EXPECT_FALSE(Satisfied(VerifyCircuit(key.point, message, {signature.r, {1, 0, 0, 0}})));
  Limbs malleated{};  // the equation holds for S + l, the range does not
  fp_internal::Add(malleated, signature.s, BabyJubjubScalar::kModulus);
  EXPECT_FALSE(Satisfied(VerifyCircuit(key.point, message, {signature.r, malleated})));
  // A key of order 2: 8·A vanishes and S·B = R would do for every message.
  const EddsaSignature forged = {BabyJubjubBase(), {1, 0, 0, 0}};
  EXPECT_FALSE(Satisfied(VerifyCircuit({Fr::Zero(), -Fr::One()}, message, forged)));
}

}  // namespace
}  // namespace prooflode::workload
