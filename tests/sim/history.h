// The log as it became durable, kept aside by the checkers: dense, never rewritten, with roots of its own
// (RFC 9162), against which receipts and every restart are held.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/engine/engine.h"
#include "tests/sim/findings.h"
#include "tests/sim/leaf_view.h"

namespace prooflode::sim {

class History {
 public:
  explicit History(Findings& findings) : findings_(findings) {}

  // A leaf that is on disk for good.
  void Append(const transparency::Leaf& leaf);
  uint64_t size() const { return bytes_.size(); }
  const std::string& bytes(uint64_t index) const { return bytes_[index]; }
  const Digest& hash(uint64_t index) const { return hashes_[index]; }
  // What lay beside a leaf when it was written.
  std::optional<std::string> proof(uint64_t index) const;
  // The store after a restart: it has these leaves and no others, and the proofs beside them but for those
  // that may be gone.
  void CheckStored(const engine::Store& store, const std::function<bool(uint64_t leaf)>& may_be_gone) const;
  // Of the log before a leaf that posts a job or starts the coordinator.
  Digest RootBefore(uint64_t leaf) const;
  // What a miner does with its receipt, and that it says what became durable.
  void CheckReceipt(const engine::CommitReceiptData& receipt) const;

 private:
  Digest Root() const;

  Findings& findings_;
  std::vector<std::string> bytes_;
  std::vector<Digest> hashes_;
  std::map<uint64_t, std::string> proofs_;
  std::vector<std::pair<int, Digest>> peaks_;  // complete subtrees, the largest first: height and root
  std::map<uint64_t, Digest> root_before_;
  std::map<uint64_t, Digest> root_of_commit_;  // leaf index -> root of the log that ends with it
};

}  // namespace prooflode::sim
