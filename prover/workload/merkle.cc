#include "prover/workload/merkle.h"

#include "base/check.h"
#include "prover/workload/poseidon.h"

namespace prooflode::workload {

MerkleTree::MerkleTree() {
  for (size_t height = 1; height < empty_.size(); ++height) {
    empty_[height] = Poseidon(std::array{empty_[height - 1], empty_[height - 1]});
  }
}

Fr MerkleTree::Node(int height, uint32_t index) const {
  const auto& level = nodes_[static_cast<size_t>(height)];
  const auto found = level.find(index);
  return found == level.end() ? empty_[static_cast<size_t>(height)] : found->second;
}

MerklePath MerkleTree::Path(uint32_t index) const {
  PL_CHECK(index < kMerkleLeaves);
  MerklePath path;
  for (int height = 0; height < kMerkleDepth; ++height) {
    path[static_cast<size_t>(height)] = Node(height, (index >> height) ^ 1);
  }
  return path;
}

void MerkleTree::Set(uint32_t index, const Fr& leaf) {
  PL_CHECK(index < kMerkleLeaves);
  nodes_[0][index] = leaf;
  for (int height = 1; height <= kMerkleDepth; ++height) {
    index /= 2;
    nodes_[static_cast<size_t>(height)][index] =
        Poseidon(std::array{Node(height - 1, 2 * index), Node(height - 1, 2 * index + 1)});
  }
}

LinearCombination MerkleRoot(Builder& builder, const LinearCombination& leaf,
                             std::span<const LinearCombination> index_bits,
                             std::span<const LinearCombination> siblings) {
  PL_CHECK(index_bits.size() == siblings.size());
  LinearCombination node = leaf;
  for (size_t height = 0; height < siblings.size(); ++height) {
    const LinearCombination moved = builder.Mul(index_bits[height], siblings[height] - node);
    node = Poseidon(builder, std::array{node + moved, siblings[height] - moved});
  }
  return node;
}

}  // namespace prooflode::workload
