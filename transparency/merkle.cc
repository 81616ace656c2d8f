#include "transparency/merkle.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/crypto.h"

namespace prooflode::transparency {
namespace {

enum class Side { kLeft, kRight };

// One step of a proof's walk from a node to the root: moves (node, last) up to the level where the next
// sibling stands, and says on which side of the node it is. last > 0. Steps 4.2 and 4.3 of RFC 9162, sections
// 2.1.3.2 and 2.1.4.2.
Side StepUp(uint64_t& node, uint64_t& last) {
  const Side side = node % 2 != 0 || node == last ? Side::kLeft : Side::kRight;
  while (side == Side::kLeft && node % 2 == 0 && node != 0) {
    node >>= 1;
    last >>= 1;
  }
  node >>= 1;
  last >>= 1;
  return side;
}

}  // namespace

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

std::vector<Digest> MerkleTree::ConsistencyProof(uint64_t old_size, uint64_t new_size) const {
  PL_CHECK(old_size <= new_size && new_size <= size());
  std::vector<Digest> path;
  if (old_size == 0 || old_size == new_size) return path;
  uint64_t begin = 0;
  uint64_t old_count = old_size;  // of [begin, begin + count)
  uint64_t count = new_size;
  while (old_count < count) {
    const uint64_t left = std::bit_ceil(count) / 2;
    if (old_count <= left) {
      path.push_back(Subtree(begin + left, count - left));
      count = left;
    } else {
      path.push_back(Subtree(begin, left));
      begin += left;
      old_count -= left;
      count -= left;
    }
  }
  // A reader who has the old root knows this subtree where it is the whole old tree.
  if (begin != 0) path.push_back(Subtree(begin, count));
  std::reverse(path.begin(), path.end());
  return path;
}

void MerkleFrontier::Append(const Digest& leaf_hash) {
  Digest node = leaf_hash;
  for (uint64_t rest = size_; rest % 2 != 0; rest >>= 1) {
    node = NodeHash(subtrees_.back(), node);
    subtrees_.pop_back();
  }
  subtrees_.push_back(node);
  ++size_;
}

Digest MerkleFrontier::Root() const {
  if (subtrees_.empty()) return Sha256({});
  Digest root = subtrees_.back();
  for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left) root = NodeHash(*left, root);
  return root;
}

bool VerifyInclusion(const Digest& leaf_hash, uint64_t index, uint64_t tree_size,
                     std::span<const Digest> proof, const Digest& root) {
  if (index >= tree_size) return false;
  uint64_t node = index;
  uint64_t last = tree_size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    hash = StepUp(node, last) == Side::kLeft ? NodeHash(sibling, hash) : NodeHash(hash, sibling);
  }
  return last == 0 && hash == root;
}

bool VerifyConsistency(const TreeHead& earlier, const TreeHead& later, std::span<const Digest> proof) {
  if (earlier.size > later.size) return false;
  if (earlier.size == later.size) return proof.empty() && earlier.root == later.root;
  if (earlier.size == 0) return proof.empty() && earlier.root == Sha256({});
  uint64_t node = earlier.size - 1;
  uint64_t last = later.size - 1;
  const int shared = std::countr_one(node);  // levels at which the old tree's right edge is complete
  node >>= shared;
  last >>= shared;
  Digest hash = earlier.root;  // where the old tree is one complete subtree the proof leaves it out
  if (node != 0) {
    if (proof.empty()) return false;
    hash = proof[0];
    proof = proof.subspan(1);
  }
  Digest old_hash = hash;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if (StepUp(node, last) == Side::kLeft) {
      old_hash = NodeHash(sibling, old_hash);
      hash = NodeHash(sibling, hash);
    } else {
      hash = NodeHash(hash, sibling);
    }
  }
  return last == 0 && old_hash == earlier.root && hash == later.root;
}

}  // namespace prooflode::transparency
