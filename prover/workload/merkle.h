// A sparse binary Merkle tree of fixed depth over Poseidon(2), natively and as a gadget.
//
// A node is Poseidon(left, right); an absent leaf is 0, which is no leaf hash that anybody knows. Bit i of a
// leaf's index says whether the path is the right child at height i.
#pragma once

#include <array>
#include <span>
#include <unordered_map>
#include <vector>

#include "prover/workload/builder.h"

namespace prooflode::workload {

inline constexpr int kMerkleDepth = 16;
inline constexpr uint32_t kMerkleLeaves = uint32_t{1} << kMerkleDepth;

// The siblings of a path, the leaf's first.
using MerklePath = std::array<Fr, kMerkleDepth>;

class MerkleTree {
 public:
  MerkleTree();
  Fr root() const { return Node(kMerkleDepth, 0); }
  MerklePath Path(uint32_t index) const;
  // index < kMerkleLeaves. kMerkleDepth hashes.
  void Set(uint32_t index, const Fr& leaf);

 private:
  Fr Node(int height, uint32_t index) const;

  std::array<Fr, kMerkleDepth + 1> empty_;  // the root of an empty subtree by height
  std::array<std::unordered_map<uint32_t, Fr>, kMerkleDepth + 1> nodes_;
};

// The root that `leaf` has at the index of these bits (constrained to 0 or 1 by the caller) above these
// siblings; the same bits and siblings with another leaf give the root after an update. 247 constraints for
// each level.
LinearCombination MerkleRoot(Builder& builder, const LinearCombination& leaf,
                             std::span<const LinearCombination> index_bits,
                             std::span<const LinearCombination> siblings);

}  // namespace prooflode::workload
