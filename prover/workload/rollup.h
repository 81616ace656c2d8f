// A batch of signed transfers between accounts in a Merkle tree, as constraints.
//
// For each transfer: the sender's account is in the tree; the sender signed (sender, receiver, amount,
// nonce); the amount and what remains are below 2^64; the receiver's account is in the tree with the sender's
// balance lowered and nonce raised, and its new balance is below 2^64. The root after it is where the next
// transfer starts. A transfer costs 22,287 constraints, most of them the 64 hashes of four paths.
#pragma once

#include "prover/workload/builder.h"
#include "prover/workload/rollup_state.h"

namespace prooflode::workload {

// The root after `transfer` in the tree with this root. The values are not checked, only constrained.
LinearCombination ApplyTransfer(Builder& builder, const LinearCombination& root, const Transfer& transfer);

// Public inputs: the root before, the root after all transfers.
void BuildRollup(Builder& builder, const Fr& old_root, std::span<const Transfer> transfers);

}  // namespace prooflode::workload
