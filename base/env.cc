#include "base/env.h"

#include "base/bytes.h"
#include "base/check.h"

namespace prooflode {

uint64_t Random::Next64() {
  uint8_t raw[8];
  Fill(raw);
  return LoadLe<uint64_t>(raw);
}

uint64_t Random::Below(uint64_t bound) {
  PL_CHECK(bound > 0);
  const uint64_t rejected = (0 - bound) % bound;  // 2^64 mod bound
  while (true) {
    const uint64_t value = Next64();
    if (value >= rejected) return value % bound;
  }
}

}  // namespace prooflode
