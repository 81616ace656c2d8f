// How a market's log passes from one signing key to the next: both say so, over the log as it is then. Made
// and checked by transparency/log_keys.h; here because the market's commands carry it too.
#pragma once

#include "base/crypto.h"

namespace prooflode {

struct KeyHandover {
  PublicKey retired{};
  PublicKey successor{};
  uint64_t tree_size = 0;  // of the log that the retired key answers for: it signs nothing larger
  Digest root{};           // of that log
  Signature by_retired{};
  Signature by_successor{};
  friend bool operator==(const KeyHandover&, const KeyHandover&) = default;
};

}  // namespace prooflode
