#include "transparency/merkle.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/crypto.h"

namespace prooflode::transparency {

Digest NodeHash(const Digest& left, const Digest& right) {
  Sha256Stream hash;
  const uint8_t prefix = 0x01;
  hash.Update({&prefix, 1});
  hash.Update(left);
  hash.Update(right);
  return hash.Finish();
}

void MerkleTree::Append(const Digest& leaf_hash) {
  Digest node = leaf_hash;
  for (size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    levels_[level].push_back(node);
    const size_t count = levels_[level].size();
    if (count % 2 != 0) return;
    node = NodeHash(levels_[level][count - 2], levels_[level][count - 1]);
  }
}

Digest MerkleTree::RootAt(uint64_t tree_size) const {
  PL_CHECK(tree_size <= size());
  if (tree_size == 0) return Sha256({});
  return Subtree(0, tree_size);
}

Digest MerkleTree::Subtree(uint64_t begin, uint64_t count) const {
  if (std::has_single_bit(count)) {  // begin is then a multiple of count
    const int level = std::countr_zero(count);
    return levels_[static_cast<size_t>(level)][begin >> level];
  }
  const uint64_t left = std::bit_floor(count);
  return NodeHash(Subtree(begin, left), Subtree(begin + left, count - left));
}

std::vector<Digest> MerkleTree::InclusionProofAt(uint64_t index, uint64_t tree_size) const {
  PL_CHECK(index < tree_size && tree_size <= size());
  std::vector<Digest> path;
  uint64_t begin = 0;
  uint64_t count = tree_size;
  while (count > 1) {
    const uint64_t left = std::bit_ceil(count) / 2;
    if (index < begin + left) {
      path.push_back(Subtree(begin + left, count - left));
      count = left;
    } else {
      path.push_back(Subtree(begin, left));
      begin += left;
      count -= left;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

bool VerifyInclusion(const Digest& leaf_hash, uint64_t index, uint64_t tree_size,
                     std::span<const Digest> proof, const Digest& root) {
  if (index >= tree_size) return false;
  uint64_t node = index;
  uint64_t last = tree_size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if (node % 2 != 0 || node == last) {
      hash = NodeHash(sibling, hash);
      while (node % 2 == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

}  // namespace prooflode::transparency
