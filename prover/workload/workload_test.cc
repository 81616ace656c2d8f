#include "prover/workload/workload.h"

#include "base/sim/sim_env.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prover/workload/soundness_testing.h"

namespace prooflode::workload {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Circuit MustBuild(Kind kind, uint32_t size, uint64_t seed) {
  SimRandom random(seed);
  auto circuit = Build(kind, size, random);
  EXPECT_TRUE(circuit.ok()) << circuit.status();
  return *std::move(circuit);
}

bool SameSystem(const ConstraintSystem& a, const ConstraintSystem& b) {
  if (a.offsets != b.offsets || a.terms.size() != b.terms.size() || a.wire_count != b.wire_count)
    return false;
  for (size_t i = 0; i < a.terms.size(); ++i) {
    if (a.terms[i].wire != b.terms[i].wire || !(a.terms[i].coefficient() == b.terms[i].coefficient()))
      return false;
  }
  return a.public_output_count == b.public_output_count && a.public_input_count == b.public_input_count &&
         a.private_input_count == b.private_input_count;
}

struct Case {
  Kind kind;
  uint32_t size;
  uint32_t public_outputs;
  uint32_t public_inputs;
};

class Workloads : public ::testing::TestWithParam<Case> {};

TEST_P(Workloads, WitnessSatisfiesTheSystem) {
  const Circuit circuit = MustBuild(GetParam().kind, GetParam().size, 5);
  EXPECT_EQ(circuit.system.public_output_count, GetParam().public_outputs);
  EXPECT_EQ(circuit.system.public_input_count, GetParam().public_inputs);
  ASSERT_EQ(circuit.witness.values.size(), circuit.system.wire_count);
  EXPECT_EQ(circuit.witness.values[0], (Limbs{1, 0, 0, 0}));
  EXPECT_EQ(FirstUnsatisfied(circuit.system, circuit.witness.values), std::nullopt);
}

TEST_P(Workloads, SystemDependsOnSizeAndWitnessOnRandomness) {
  const Circuit first = MustBuild(GetParam().kind, GetParam().size, 5);
  const Circuit again = MustBuild(GetParam().kind, GetParam().size, 5);
  const Circuit other = MustBuild(GetParam().kind, GetParam().size, 6);
  EXPECT_TRUE(SameSystem(first.system, other.system));
  EXPECT_EQ(first.witness.values, again.witness.values);
  EXPECT_EQ(first.witness.values == other.witness.values, first.system.private_input_count == 0);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Workloads,
                         ::testing::Values(Case{Kind::kRollup, 1, 0, 2}, Case{Kind::kRollup, 3, 0, 2},
                                           Case{Kind::kPoseidon, 1, 1, 0}, Case{Kind::kPoseidon, 2, 1, 0},
                                           Case{Kind::kPoseidon, 68, 1, 0}, Case{Kind::kSha256, 0, 2, 0},
                                           Case{Kind::kSha256, 1, 2, 0}, Case{Kind::kSha256, 64, 2, 0}));

TEST(Workload, PoseidonChainIsPinnedDown) {
  const Circuit circuit = MustBuild(Kind::kPoseidon, 3, 7);
  EXPECT_THAT(FreeWires(circuit), IsEmpty());
  EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
}

TEST(Workload, RefusesSizesOutOfRange) {
  SimRandom random(8);
  EXPECT_EQ(Build(Kind::kPoseidon, 0, random).status().code(), absl::StatusCode::kInvalidArgument);
  const Status too_large = Build(Kind::kPoseidon, kPoseidonHashesMax + 1, random).status();
  EXPECT_EQ(too_large.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(too_large.message()), HasSubstr("size is 65537, want 1 to 65536 hashes"));
  EXPECT_FALSE(Build(Kind::kRollup, 0, random).ok());
  EXPECT_FALSE(Build(Kind::kRollup, kRollupTransfersMax + 1, random).ok());
  EXPECT_FALSE(Build(Kind::kSha256, kSha256BytesMax + 1, random).ok());
}

TEST(Workload, ParsesKinds) {
  EXPECT_EQ(*ParseKind("rollup"), Kind::kRollup);
  EXPECT_EQ(*ParseKind("poseidon"), Kind::kPoseidon);
  EXPECT_EQ(*ParseKind("sha256"), Kind::kSha256);
  EXPECT_FALSE(ParseKind("").ok());
  EXPECT_FALSE(ParseKind("Poseidon").ok());
  EXPECT_THAT(std::string(ParseKind("md5").status().message()), HasSubstr("got \"md5\", want one of"));
}

}  // namespace
}  // namespace prooflode::workload
