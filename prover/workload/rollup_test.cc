#include "prover/workload/rollup.h"

#include "base/sim/sim_env.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prover/workload/poseidon.h"
#include "prover/workload/random_field.h"
#include "prover/workload/soundness_testing.h"

namespace prooflode::workload {
namespace {

using ::testing::IsEmpty;

TEST(Merkle, PathsLeadToTheRoot) {
  SimRandom random(21);
  MerkleTree tree;
  const Fr empty_root = tree.root();
  for (uint32_t index : {0U, 1U, 5U, 65535U, 40000U}) {
    const Fr leaf = UniformElement<Fr>(random);
    const Fr before = tree.root();
    tree.Set(index, leaf);
    EXPECT_FALSE(tree.root() == before);
    const MerklePath path = tree.Path(index);
    Builder builder;
    std::vector<LinearCombination> bits;
    std::vector<LinearCombination> siblings;
    Fr node = leaf;
    for (size_t i = 0; i < path.size(); ++i) {
      const bool right = ((index >> i) & 1) != 0;
      node = right ? Poseidon(std::array{path[i], node}) : Poseidon(std::array{node, path[i]});
      bits.push_back(builder.PrivateInput(Fr::FromU64(right ? 1 : 0)));
      siblings.push_back(builder.PrivateInput(path[i]));
    }
    EXPECT_EQ(node, tree.root());
    EXPECT_EQ(MerkleRoot(builder, builder.PrivateInput(leaf), bits, siblings).value(), tree.root());
  }
  for (uint32_t index : {0U, 1U, 5U, 65535U, 40000U}) tree.Set(index, Fr::Zero());
  EXPECT_EQ(tree.root(), empty_root);
}

bool Accepted(const Fr& old_root, const std::vector<Transfer>& transfers) {
  Builder builder;
  BuildRollup(builder, old_root, transfers);
  const Circuit circuit = std::move(builder).Finish();
  return FirstUnsatisfied(circuit.system, circuit.witness.values) == std::nullopt;
}

class Rollup : public ::testing::Test {
 protected:
  SimRandom random_{22};
  RollupState state_{4, random_};
  Fr old_root_ = state_.root();
};

TEST_F(Rollup, AppliesTransfers) {
  const uint64_t first = state_.account(0).balance;
  const uint64_t second = state_.account(1).balance;
  const uint64_t nonce = state_.account(0).nonce;
  const std::vector<Transfer> transfers = {state_.Execute(0, 1, first), state_.Execute(1, 2, second + first),
                                           state_.Execute(3, 3, 1), state_.Execute(0, 3, 0)};
  EXPECT_EQ(state_.account(0).balance, 0U);
  EXPECT_EQ(state_.account(0).nonce, nonce + 2);
  Builder builder;
  BuildRollup(builder, old_root_, transfers);
  const Circuit circuit = std::move(builder).Finish();
  EXPECT_EQ(FirstUnsatisfied(circuit.system, circuit.witness.values), std::nullopt);
  EXPECT_EQ(circuit.witness.values[1], old_root_.ToCanonical());
  EXPECT_EQ(circuit.witness.values[2], state_.root().ToCanonical());
}

TEST_F(Rollup, IsPinnedDown) {
  const std::vector<Transfer> transfers = {state_.Execute(0, 1, 12345)};
  Builder builder;
  BuildRollup(builder, old_root_, transfers);
  const Circuit circuit = std::move(builder).Finish();
  EXPECT_LT(circuit.system.constraint_count(), 22'500U);
  EXPECT_THAT(FreeWires(circuit), IsEmpty());
  EXPECT_THAT(UndeterminedWires(circuit), IsEmpty());
}

TEST_F(Rollup, RefusesOverspending) {
  EXPECT_FALSE(Accepted(old_root_, {state_.Execute(0, 1, state_.account(0).balance + 1)}));
}

// An honest transfer, and then one field of its witness cheated at a time.
TEST_F(Rollup, RefusesEveryCheatedField) {
  const Transfer honest = state_.Execute(0, 1, 1000);
  ASSERT_TRUE(Accepted(old_root_, {honest}));
  const std::vector<void (*)(Transfer&)> cheats = {
      [](Transfer& t) { t.amount += 1; },
      [](Transfer& t) { t.amount = 0; },
      [](Transfer& t) { t.sender.index ^= 1; },
      [](Transfer& t) { t.sender.account.balance += 1; },
      [](Transfer& t) { t.sender.account.nonce += 1; },
      [](Transfer& t) { t.sender.account.key = BabyJubjubBase(); },
      [](Transfer& t) { t.sender.path[3] += Fr::One(); },
      [](Transfer& t) { t.receiver.index ^= 1; },
      [](Transfer& t) { t.receiver.account.balance += 1; },
      [](Transfer& t) { t.receiver.account.key = BabyJubjubBase(); },
      [](Transfer& t) { t.receiver.path[0] += Fr::One(); },
      [](Transfer& t) { t.receiver = t.sender; },
      [](Transfer& t) { t.signature.s[0] ^= 1; },
      [](Transfer& t) { t.signature.r = BabyJubjubBase(); },
  };
  for (size_t i = 0; i < cheats.size(); ++i) {
    Transfer cheated = honest;
    cheats[i](cheated);
    EXPECT_FALSE(Accepted(old_root_, {cheated})) << "cheat " << i;
  }
  EXPECT_FALSE(Accepted(old_root_ + Fr::One(), {honest}));
}

TEST_F(Rollup, RefusesReplayedAndForeignSignatures) {
  const Transfer first = state_.Execute(0, 1, 1000);
  Transfer second = state_.Execute(0, 1, 1000);
  ASSERT_TRUE(Accepted(old_root_, {first, second}));
  EXPECT_FALSE(Accepted(old_root_, {first, first}));
  second.signature = first.signature;  // good for the nonce before
  EXPECT_FALSE(Accepted(old_root_, {first, second}));
  Transfer stolen = first;
  stolen.signature = EddsaSign(MakeEddsaKey(random_), TransferMessage(first));
  EXPECT_FALSE(Accepted(old_root_, {stolen}));
}

// The receiver's balance must stay below 2^64 even where every balance in the tree is in range.
TEST_F(Rollup, RefusesOverflow) {
  const EddsaKey key = MakeEddsaKey(random_);
  const Account rich = {key.point, UINT64_MAX, 0};
  for (uint64_t amount : {uint64_t{0}, uint64_t{1}}) {
    MerkleTree tree;
    tree.Set(1, AccountLeaf(rich));
    tree.Set(2, AccountLeaf(rich));
    const Fr root = tree.root();
    Transfer transfer;
    transfer.amount = amount;
    transfer.sender = {1, rich, tree.Path(1)};
    transfer.receiver.index = 2;
    transfer.signature = EddsaSign(key, TransferMessage(transfer));
    tree.Set(1, AccountLeaf({key.point, UINT64_MAX - amount, 1}));
    transfer.receiver = {2, rich, tree.Path(2)};
    EXPECT_EQ(Accepted(root, {transfer}), amount == 0);
  }
}

}  // namespace
}  // namespace prooflode::workload
