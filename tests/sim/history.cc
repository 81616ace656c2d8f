#include "tests/sim/history.h"

#include "base/crypto.h"

namespace prooflode::sim {
namespace {

Digest Hash(char prefix, ByteSpan left, ByteSpan right) {
  std::string bytes(1, prefix);
  bytes += AsChars(left);
  bytes += AsChars(right);
  return Sha256(AsBytes(bytes));
}

// RFC 9162 section 2.1.3.2.
bool IsIncluded(const engine::CommitReceiptData& receipt) {
  uint64_t node = receipt.leaf_index;
  uint64_t last = receipt.tree_size - 1;
  Digest hash = Hash('\0', AsBytes(receipt.leaf), {});
  for (const Digest& sibling : receipt.inclusion_proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = Hash('\1', sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = Hash('\1', hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == receipt.root;
}

}  // namespace

void History::Append(const transparency::Leaf& leaf) {
  const std::string name = "leaf " + std::to_string(leaf.index);
  if (leaf.index < size()) return findings_.Add("append-only", name + ": written twice");
  if (leaf.index > size()) return findings_.Add("dense-log", name + ": want " + std::to_string(size()));
  const Digest hash = Hash('\0', AsBytes(leaf.bytes), {});
  if (hash != leaf.hash) findings_.Add("leaf-hash", name + ": stored with another hash than its bytes have");
  const auto kind = LoadLe<uint16_t>(AsBytes(leaf.bytes).data() + 8);
  if (kind == kPost || kind == kStart) root_before_[leaf.index] = Root();
  bytes_.push_back(leaf.bytes);
  hashes_.push_back(hash);
  if (leaf.proof) proofs_[leaf.index] = *leaf.proof;
  peaks_.emplace_back(0, hash);
  while (peaks_.size() > 1 && peaks_[peaks_.size() - 2].first == peaks_.back().first) {
    const auto [height, right] = peaks_.back();
    peaks_.pop_back();
    peaks_.back() = {height + 1, Hash('\1', peaks_.back().second, right)};
  }
  if (kind == kCommit) root_of_commit_[leaf.index] = Root();
}

Digest History::RootBefore(uint64_t leaf) const {
  const auto it = root_before_.find(leaf);
  return it == root_before_.end() ? Digest{} : it->second;
}

Digest History::Root() const {
  if (peaks_.empty()) return Sha256({});
  Digest root = peaks_.back().second;
  for (size_t i = peaks_.size() - 1; i-- > 0;) root = Hash('\1', peaks_[i].second, root);
  return root;
}

std::optional<std::string> History::proof(uint64_t index) const {
  const auto it = proofs_.find(index);
  return it == proofs_.end() ? std::nullopt : std::optional(it->second);
}

void History::CheckStored(const engine::Store& store,
                          const std::function<bool(uint64_t leaf)>& may_be_gone) const {
  const auto leaves = store.ReadLeaves(0, size() + 1);
  if (!leaves.ok()) return findings_.Add("durable", "the log cannot be read back");
  for (uint64_t i = 0; i < std::min<uint64_t>(size(), leaves->size()); ++i) {
    if ((*leaves)[i].bytes != bytes_[i] || (*leaves)[i].index != i || (*leaves)[i].hash != hashes_[i]) {
      findings_.Add("append-only", "leaf " + std::to_string(i) + " is not what it was");
    }
    const std::optional<std::string>& stored = (*leaves)[i].proof;
    if (stored != proof(i) && (stored || !may_be_gone(i))) {
      findings_.Add("proof-kept", "the proof beside leaf " + std::to_string(i) + " is lost or another");
    }
  }
  if (leaves->size() != size()) {
    findings_.Add("durable",
                  std::to_string(leaves->size()) + " leaves are stored, want " + std::to_string(size()));
  }
}

void History::CheckReceipt(const engine::CommitReceiptData& receipt) const {
  const std::string name = "receipt of leaf " + std::to_string(receipt.leaf_index);
  const auto root = root_of_commit_.find(receipt.leaf_index);
  if (root == root_of_commit_.end()) return findings_.Add("receipt", name + ": that is no durable commit");
  if (receipt.leaf != bytes_[receipt.leaf_index]) findings_.Add("receipt", name + ": of other bytes");
  if (receipt.tree_size != receipt.leaf_index + 1)
    findings_.Add("receipt", name + ": the log ends elsewhere");
  if (receipt.root != root->second) findings_.Add("receipt", name + ": another root");
  if (!IsIncluded(receipt)) findings_.Add("receipt", name + ": its inclusion proof fails");
}

}  // namespace prooflode::sim
