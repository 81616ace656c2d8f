#include "prover/groth16/bit_wires.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "base/sim/sim_env.h"
#include "prover/workload/workload.h"

namespace prooflode::groth16 {
namespace {

using Side = std::initializer_list<std::pair<uint32_t, int>>;

struct Maker {
  ConstraintSystem system;
  explicit Maker(uint32_t wires) { system.wire_count = wires; }
  // a·b = c
  Maker& Row(Side a, Side b, Side c) {
    for (const Side& side : {a, b, c}) {
      for (const auto& [wire, value] : side) {
        const Fr size = Fr::FromU64(static_cast<uint64_t>(value < 0 ? -value : value));
        system.terms.emplace_back(wire, value < 0 ? -size : size);
      }
      system.EndCombination();
    }
    return *this;
  }
  std::vector<bool> Bits() const { return BitWires(system); }
};

using Flags = std::vector<bool>;

TEST(BitWires, FindsBooleanConstraintsInAnyForm) {
  EXPECT_EQ(Maker(2).Row({{1, 1}}, {{1, 1}, {0, -1}}, {}).Bits(), Flags({true, true}));  // w(w - 1) = 0
  EXPECT_EQ(Maker(2).Row({{1, 1}}, {{1, 1}}, {{1, 1}}).Bits(), Flags({true, true}));     // w² = w
  EXPECT_EQ(Maker(2).Row({{0, 3}, {1, -3}}, {{1, 2}}, {}).Bits(), Flags({true, true}));
}

TEST(BitWires, IsNotFooledByWhatLooksLikeOne) {
  EXPECT_EQ(Maker(2).Row({{1, 1}}, {{1, 1}, {0, -2}}, {}).Bits(), Flags({true, false}));        // 0 or 2
  EXPECT_EQ(Maker(2).Row({{1, 1}}, {{1, 1}, {0, -1}}, {{0, 2}}).Bits(), Flags({true, false}));  // 2 or -1
  EXPECT_EQ(Maker(3).Row({{1, 1}}, {{1, 1}, {0, -1}}, {{2, 1}}).Bits(), Flags({true, false, false}));
  EXPECT_EQ(Maker(2).Row({{1, 1}}, {}, {}).Bits(), Flags({true, false}));  // 0 = 0
  // The terms cancel: nothing is said of the wire.
  EXPECT_EQ(Maker(2).Row({{1, 1}, {1, -1}}, {{1, 1}}, {}).Bits(), Flags({true, false}));
}

TEST(BitWires, FollowsFunctionsOfBits) {
  Maker maker(7);
  maker.Row({{1, 1}}, {{1, 1}}, {{1, 1}});
  maker.Row({{2, 1}}, {{2, 1}}, {{2, 1}});
  maker.Row({{1, 1}}, {{2, 1}}, {{3, 1}});                   // and
  maker.Row({{1, 2}}, {{2, 1}}, {{1, 1}, {2, 1}, {4, -1}});  // xor
  maker.Row({{1, 1}, {2, 1}}, {{0, 1}}, {{5, 1}});           // their sum, up to 2
  maker.Row({{3, 1}, {0, -1}}, {{0, -1}}, {{6, 1}});         // not
  EXPECT_EQ(maker.Bits(), Flags({true, true, true, true, true, false, true}));
}

TEST(BitWires, FindsWhatAConstraintFurtherDownShows) {
  Maker maker(3);
  maker.Row({{1, 1}}, {{0, 1}}, {{2, 1}});  // the same as the one below
  maker.Row({{1, 1}}, {{1, 1}}, {{1, 1}});
  EXPECT_EQ(maker.Bits(), Flags({true, true, true}));
}

// Every wire that is called a bit is one in a real witness, and most of those that are bits in SHA-256 are
// found.
TEST(BitWires, AgreesWithRealWitnesses) {
  for (const auto kind : {workload::Kind::kSha256, workload::Kind::kRollup, workload::Kind::kPoseidon}) {
    SimRandom random(1);
    const workload::Circuit circuit = *workload::Build(kind, 1, random);
    const std::vector<bool> bits = BitWires(circuit.system);
    size_t found = 0;
    size_t small = 0;
    for (size_t i = 0; i < bits.size(); ++i) {
      const Limbs& value = circuit.witness.values[i];
      const bool is_small = value[0] <= 1 && (value[1] | value[2] | value[3]) == 0;
      small += is_small ? 1 : 0;
      found += bits[i] ? 1 : 0;
      EXPECT_TRUE(is_small || !bits[i]) << i;
    }
    if (kind == workload::Kind::kSha256) {
      EXPECT_GT(found, small * 3 / 5);
    }
  }
}

}  // namespace
}  // namespace prooflode::groth16
