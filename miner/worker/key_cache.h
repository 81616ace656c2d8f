// Provers with their keys in memory, the longest unused given up first when the keys exceed a limit. Not
// thread-safe.
#pragma once

#include <list>
#include <memory>

#include "base/bytes.h"
#include "prover/prover.h"

namespace prooflode::miner {

class KeyCache {
 public:
  explicit KeyCache(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // nullptr when the key is not here.
  Prover* Find(const Digest& circuit) {
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->circuit != circuit) continue;
      entries_.splice(entries_.begin(), entries_, it);
      return entries_.front().prover.get();
    }
    return nullptr;
  }

  // Gives up keys until `bytes` more fit, or all of them.
  void MakeRoom(uint64_t bytes) {
    while (!entries_.empty() && bytes_ + bytes > bytes_max_) {
      bytes_ -= entries_.back().bytes;
      entries_.pop_back();
    }
  }

  // Keeps a prover whose key takes `bytes`, whatever the limit: one key is always kept.
  Prover* Add(const Digest& circuit, std::unique_ptr<Prover> prover, uint64_t bytes) {
    MakeRoom(bytes);
    entries_.push_front({circuit, std::move(prover), bytes});
    bytes_ += bytes;
    return entries_.front().prover.get();
  }

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Digest circuit;
    std::unique_ptr<Prover> prover;
    uint64_t bytes;
  };
  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace prooflode::miner
