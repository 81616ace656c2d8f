// The Merkle tree of RFC 9162 (section 2.1) over leaf hashes, append-only, with inclusion proofs.
//
// Keeps every node of complete subtrees: 64 bytes a leaf. Append and Root cost O(log n) hashes. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace prooflode::transparency {

Digest NodeHash(const Digest& left, const Digest& right);

// One state of a tree as somebody published it.
struct TreeHead {
  uint64_t size = 0;
  Digest root{};

  bool operator==(const TreeHead&) const = default;
};

class MerkleTree {
 public:
  void Append(const Digest& leaf_hash);
  uint64_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }
  // Of the empty tree: SHA-256 of nothing.
  Digest Root() const { return RootAt(size()); }
  // index < size().
  const Digest& LeafHashAt(uint64_t index) const { return levels_[0][index]; }
  // The root when the tree had `tree_size` leaves. tree_size <= size().
  Digest RootAt(uint64_t tree_size) const;
  // The path of RFC 9162 section 2.1.3.1 for leaf `index` in the tree as it is. index < size().
  std::vector<Digest> InclusionProof(uint64_t index) const { return InclusionProofAt(index, size()); }
  // The same in the tree of its first `tree_size` leaves. index < tree_size <= size().
  std::vector<Digest> InclusionProofAt(uint64_t index, uint64_t tree_size) const;
  // The path of RFC 9162 section 2.1.4.1: that the first `old_size` leaves are a prefix of the first
  // `new_size`. Empty where the sizes are equal or old_size is 0. old_size <= new_size <= size(). O(log^2 n)
  // hashes.
  std::vector<Digest> ConsistencyProof(uint64_t old_size, uint64_t new_size) const;

 private:
  Digest Subtree(uint64_t begin, uint64_t count) const;

  std::vector<std::vector<Digest>>
      levels_;  // levels_[k][i]: the complete subtree of leaves [i·2^k, (i+1)·2^k)
};

// The same tree for who only wants its root: keeps one node a complete subtree, at most 64. Append costs one
// hash on average, Root O(log n). Not thread-safe.
class MerkleFrontier {
 public:
  void Append(const Digest& leaf_hash);
  uint64_t size() const { return size_; }
  Digest Root() const;
  TreeHead Head() const { return {.size = size_, .root = Root()}; }

 private:
  std::vector<Digest> subtrees_;  // from the largest, leftmost, to the smallest
  uint64_t size_ = 0;
};

// RFC 9162 section 2.1.3.2.
bool VerifyInclusion(const Digest& leaf_hash, uint64_t index, uint64_t tree_size,
                     std::span<const Digest> proof, const Digest& root);

// RFC 9162 section 2.1.4.2: true where `proof` shows that `later` only appended to `earlier`. Equal sizes
// want equal roots and an empty proof; the empty tree is a prefix of every tree, with an empty proof.
bool VerifyConsistency(const TreeHead& earlier, const TreeHead& later, std::span<const Digest> proof);

}  // namespace prooflode::transparency
