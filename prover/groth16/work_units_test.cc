#include "prover/groth16/work_units.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/sim/sim_env.h"
#include "prover/groth16/bit_wires.h"
#include "prover/workload/workload.h"

namespace prooflode::groth16 {
namespace {

// A key of the right sizes: its points are infinity where those of a real one are, and else the generator.
ProvingKey KeyOfSizes(const ConstraintSystem& system) {
  ProvingKey key;
  key.variable_count = system.wire_count;
  key.public_count = system.public_count();
  key.log_domain = static_cast<int>(std::bit_width(system.constraint_count() + key.public_count));
  key.a.resize(key.variable_count);
  key.b1.resize(key.variable_count);
  key.b2.resize(key.variable_count);
  key.c.resize(key.variable_count - key.public_count - 1, G1Generator());
  key.h.resize(key.domain_size(), G1Generator());
  for (size_t i = 0; i < system.constraint_count(); ++i) {
    for (const Term& term : system.combination(i, 0)) key.a[term.wire] = G1Generator();
    for (const Term& term : system.combination(i, 1)) {
      key.b1[term.wire] = G1Generator();
      key.b2[term.wire] = G2Generator();
    }
    key.coefficients.resize(key.coefficients.size() + system.combination(i, 0).size() +
                            system.combination(i, 1).size());
  }
  return key;
}

workload::Circuit Build(workload::Kind kind, uint32_t size) {
  SimRandom random(1);
  return *workload::Build(kind, size, random);
}

uint64_t UnitsOf(const ConstraintSystem& system) { return WorkUnits(KeyOfSizes(system), BitWires(system)); }

// Fastest of seven proofs on one thread, as docs/circuits.md records them with machine and command; nothing
// is timed here.
TEST(WorkUnits, FollowMeasuredTimes) {
  struct Measured {
    workload::Kind kind;
    uint32_t size;
    double ms;
  };
  constexpr Measured kMeasured[] = {{workload::Kind::kPoseidon, 17, 100.8},
                                    {workload::Kind::kSha256, 100, 238.3},
                                    {workload::Kind::kPoseidon, 68, 316.1},
                                    {workload::Kind::kRollup, 1, 360.6},
                                    {workload::Kind::kPoseidon, 266, 913.2}};
  uint64_t last = 0;
  double least = 1e9;
  double most = 0;
  for (const Measured& measured : kMeasured) {
    const uint64_t units = UnitsOf(Build(measured.kind, measured.size).system);
    EXPECT_GT(units, last) << measured.ms;  // the order of the times
    last = units;
    const double price = static_cast<double>(units) / measured.ms;
    least = std::min(least, price);
    most = std::max(most, price);
  }
  EXPECT_LT(most, 1.25 * least);
}

TEST(WorkUnits, CountPointsThatAreThereAndWhatTheyMeet) {
  ProvingKey key = KeyOfSizes(Build(workload::Kind::kPoseidon, 2).system);
  const uint64_t all = WorkUnits(key, {});
  EXPECT_EQ(all, 1078u);  // what stands in logs: a change of the formula is a change of everybody's prices
  std::vector<bool> bits(key.variable_count, false);
  EXPECT_EQ(WorkUnits(key, bits), all);
  bits.flip();
  EXPECT_LT(WorkUnits(key, bits), all);
  std::fill(key.b2.begin(), key.b2.end(), G2Affine{});
  const uint64_t without = WorkUnits(key, {});
  EXPECT_LT(without, all);
  ++key.log_domain;
  EXPECT_GT(WorkUnits(key, {}), without);
}

TEST(WorkUnits, OfTheSmallestKeyByHand) {
  ProvingKey key;
  key.variable_count = 1;
  // One point of H: windows of two bits, 127 · (1 + 4) = 635 additions, 8 each; by thousands, rounded up.
  EXPECT_EQ(WorkUnits(key, {}), 6u);
}

}  // namespace
}  // namespace prooflode::groth16
