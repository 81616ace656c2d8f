// Accounts in a Merkle tree and signed transfers between them: what the rollup circuit proves, natively.
#pragma once

#include <cstdint>
#include <vector>

#include "base/env.h"
#include "prover/workload/eddsa.h"
#include "prover/workload/merkle.h"

namespace prooflode::workload {

struct Account {
  BabyJubjubPoint key;
  uint64_t balance = 0;
  uint64_t nonce = 0;  // transfers sent so far
};

// Poseidon(key.x, key.y, balance, nonce).
Fr AccountLeaf(const Account& account);

// One account as a transfer finds it.
struct AccountWitness {
  uint32_t index = 0;
  Account account;
  MerklePath path{};
};

// The sender is seen in the tree before the transfer, the receiver in the tree after the sender's update.
struct Transfer {
  AccountWitness sender;
  AccountWitness receiver;
  uint64_t amount = 0;
  EddsaSignature signature;
};

// What the sender signs: Poseidon(sender's index, receiver's index, amount, sender's nonce).
Fr TransferMessage(const Transfer& transfer);

class RollupState {
 public:
  // `count` accounts with random keys and balances below 2^40 at random, different indices. 1 <= count <=
  // kMerkleLeaves.
  RollupState(uint32_t count, Random& random);

  Fr root() const { return tree_.root(); }
  size_t account_count() const { return accounts_.size(); }
  const Account& account(size_t i) const { return accounts_[i].account; }

  // Signs and applies a transfer between the i-th and the j-th account (which may be the same) and returns
  // its witness. Checks nothing: a transfer that breaks the rules gives a witness that the circuit refuses.
  // Amounts wrap modulo 2^64.
  Transfer Execute(size_t sender, size_t receiver, uint64_t amount);

 private:
  struct Owned {
    uint32_t index;
    EddsaKey key;
    Account account;
  };
  AccountWitness See(const Owned& owned) const {
    return {owned.index, owned.account, tree_.Path(owned.index)};
  }
  void Store(const Owned& owned) { tree_.Set(owned.index, AccountLeaf(owned.account)); }

  MerkleTree tree_;
  std::vector<Owned> accounts_;
};

}  // namespace prooflode::workload
