// The log's Merkle tree as far as it is durable: the engine appends after each write, everybody may ask for
// heads and proofs meanwhile. Thread-safe; a question costs O(log^2 n) hashes at most.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "transparency/merkle.h"

namespace prooflode::engine {

class LogTree {
 public:
  void Append(const std::vector<Digest>& leaf_hashes) {
    MutexLock lock(mutex_);
    for (const Digest& hash : leaf_hashes) tree_.Append(hash);
  }

  uint64_t size() const {
    MutexLock lock(mutex_);
    return tree_.size();
  }
  transparency::TreeHead Head() const {
    MutexLock lock(mutex_);
    return {.size = tree_.size(), .root = tree_.Root()};
  }
  // kOutOfRange for a size that the log does not have yet, here and below.
  StatusOr<transparency::TreeHead> HeadAt(uint64_t size) const {
    MutexLock lock(mutex_);
    PL_RETURN_IF_ERROR(Want("tree size", size));
    return transparency::TreeHead{.size = size, .root = tree_.RootAt(size)};
  }
  // kInvalidArgument unless index < size.
  StatusOr<std::vector<Digest>> InclusionProof(uint64_t index, uint64_t size) const {
    if (index >= size) {
      return absl::InvalidArgumentError(absl::StrCat("leaf index: ", index, ", want below size ", size));
    }
    MutexLock lock(mutex_);
    PL_RETURN_IF_ERROR(Want("tree size", size));
    return tree_.InclusionProofAt(index, size);
  }
  // kInvalidArgument unless from <= to.
  StatusOr<std::vector<Digest>> ConsistencyProof(uint64_t from, uint64_t to) const {
    if (from > to) return absl::InvalidArgumentError(absl::StrCat("from: ", from, ", want at most ", to));
    MutexLock lock(mutex_);
    PL_RETURN_IF_ERROR(Want("to", to));
    return tree_.ConsistencyProof(from, to);
  }

 private:
  Status Want(std::string_view what, uint64_t size) const PL_REQUIRES(mutex_) {
    if (size <= tree_.size()) return absl::OkStatus();
    return absl::OutOfRangeError(absl::StrCat(Sv(what), ": ", size, ", the log has ", tree_.size()));
  }

  mutable Mutex mutex_;
  transparency::MerkleTree tree_ PL_GUARDED_BY(mutex_);
};

}  // namespace prooflode::engine
