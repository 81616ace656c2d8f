// Repeatable randomness from a text: for test keys and test witnesses, never for proofs.
#pragma once

#include <string>

#include "base/crypto.h"
#include "base/env.h"

namespace prooflode::cli {

// SHA-256(seed, zero byte, counter as eight little-endian bytes), block after block. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::string seed) : seed_(std::move(seed)) {}

  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) {
      if (used_ == block_.size()) NextBlock();
      byte = block_[used_++];
    }
  }

 private:
  void NextBlock() {
    uint8_t tail[9] = {0};
    StoreLe(tail + 1, counter_++);
    Sha256Stream stream;
    stream.Update(AsBytes(seed_));
    stream.Update(tail);
    block_ = stream.Finish();
    used_ = 0;
  }

  const std::string seed_;
  uint64_t counter_ = 0;
  Digest block_{};
  size_t used_ = sizeof(Digest);
};

}  // namespace prooflode::cli
