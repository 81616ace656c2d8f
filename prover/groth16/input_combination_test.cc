#include "prover/groth16/input_combination.h"

#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "prover/pairing/test_util.h"

namespace prooflode::groth16 {
namespace {

G1Xyzz Naive(std::span<const G1Affine> ic, std::span<const Fr> inputs) {
  G1Xyzz sum = G1Xyzz::FromAffine(ic[0]);
  for (size_t i = 0; i < inputs.size(); ++i) sum = sum + ScalarMul(ic[i + 1], inputs[i].ToCanonical());
  return sum;
}

TEST(InputCombinationTest, AgreesWithTheNaiveSum) {
  SimRandom random(1);
  for (size_t count : {0, 1, 2, 5}) {
    std::vector<G1Affine> ic;
    for (size_t i = 0; i <= count; ++i) ic.push_back(RandomG1(random));
    const InputCombination combination(ic);
    ASSERT_EQ(combination.input_count(), count);
    for (int round = 0; round < 5; ++round) {
      std::vector<Fr> inputs;
      for (size_t i = 0; i < count; ++i) inputs.push_back(RandomField<Fr>(random));
      EXPECT_TRUE(SamePoint(combination.Combine(inputs), Naive(ic, inputs)));
    }
  }
}

TEST(InputCombinationTest, AgreesOnBothSidesOfTheLimitForTables) {
  SimRandom random(3);
  const size_t most = InputCombination::kTabledInputsMax;
  std::vector<G1Affine> ic = {RandomG1(random), RandomG1(random)};
  while (ic.size() < most + 2) ic.push_back((G1Xyzz::FromAffine(ic.back()) + ic[0]).ToAffine());
  std::vector<Fr> inputs;
  for (size_t i = 0; i <= most; ++i) inputs.push_back(i % 5 == 0 ? Fr::Zero() : RandomField<Fr>(random));
  for (const size_t count : {most, most + 1}) {
    const auto points = std::span(ic).first(count + 1);
    const auto values = std::span(inputs).first(count);
    const InputCombination combination(points);
    ASSERT_EQ(combination.input_count(), count);
    EXPECT_TRUE(SamePoint(combination.Combine(values), Naive(points, values)));
  }
}

TEST(InputCombinationTest, EdgeScalarsAndRelatedPoints) {
  // Equal and opposite points make every special case of the addition happen.
  SimRandom random(2);
  const G1Affine p = RandomG1(random);
  const std::vector<G1Affine> ic = {p, p, -p};
  const InputCombination combination(ic);
  const Fr edges[] = {Fr::Zero(),      Fr::One(),  Fr::FromU64(15),
                      Fr::FromU64(16), -Fr::One(), *Fr::FromCanonical({0, 1, 0, 0})};
  for (const Fr& a : edges) {
    for (const Fr& b : edges) {
      const std::vector<Fr> inputs = {a, b};
      EXPECT_TRUE(SamePoint(combination.Combine(inputs), Naive(ic, inputs)));
    }
  }
  EXPECT_TRUE(combination.Combine(std::vector<Fr>{-Fr::One(), Fr::Zero()}).IsInfinity());
}

}  // namespace
}  // namespace prooflode::groth16
