#include "prover/workload/rollup.h"

#include <array>
#include <vector>

#include "prover/workload/poseidon.h"

namespace prooflode::workload {
namespace {

using Lc = LinearCombination;

constexpr int kBalanceBits = 64;

struct AccountWires {
  std::vector<Lc> index_bits;
  PointWires key;
  Lc balance;
  Lc nonce;
  std::vector<Lc> path;
};

AccountWires PrivateAccount(Builder& builder, const AccountWitness& witness) {
  AccountWires wires;
  for (int i = 0; i < kMerkleDepth; ++i) {
    wires.index_bits.push_back(builder.PrivateInput(Fr::FromU64((witness.index >> i) & 1)));
    builder.AssertBit(wires.index_bits.back());
  }
  wires.key = PrivatePoint(builder, witness.account.key);
  wires.balance = builder.PrivateInput(Fr::FromU64(witness.account.balance));
  wires.nonce = builder.PrivateInput(Fr::FromU64(witness.account.nonce));
  for (const Fr& sibling : witness.path) wires.path.push_back(builder.PrivateInput(sibling));
  return wires;
}

Lc RootWith(Builder& builder, const AccountWires& account) {
  const Lc leaf = Poseidon(builder, std::array{account.key.x, account.key.y, account.balance, account.nonce});
  return MerkleRoot(builder, leaf, account.index_bits, account.path);
}

}  // namespace

LinearCombination ApplyTransfer(Builder& builder, const LinearCombination& root, const Transfer& transfer) {
  AccountWires sender = PrivateAccount(builder, transfer.sender);
  AccountWires receiver = PrivateAccount(builder, transfer.receiver);
  const Lc amount = builder.PrivateInput(Fr::FromU64(transfer.amount));
  const EddsaSignatureWires signature = PrivateSignature(builder, transfer.signature);

  builder.AssertEqual(RootWith(builder, sender), root);
  const Lc message =
      Poseidon(builder, std::array{Pack(sender.index_bits), Pack(receiver.index_bits), amount, sender.nonce});
  AssertEddsa(builder, sender.key, message, signature);
  builder.Bits(amount, kBalanceBits);
  sender.balance -= amount;
  builder.Bits(sender.balance, kBalanceBits);
  sender.nonce.AddConstant(Fr::One());

  builder.AssertEqual(RootWith(builder, receiver), RootWith(builder, sender));
  receiver.balance += amount;
  builder.Bits(receiver.balance, kBalanceBits);
  return RootWith(builder, receiver);
}

void BuildRollup(Builder& builder, const Fr& old_root, std::span<const Transfer> transfers) {
  Lc root = builder.PublicInput(old_root);
  for (const Transfer& transfer : transfers) root = ApplyTransfer(builder, root, transfer);
  builder.AssertEqual(builder.PublicInput(root.value()), root);
}

}  // namespace prooflode::workload
