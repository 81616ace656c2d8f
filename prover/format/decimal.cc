#include "prover/format/decimal.h"

#include <algorithm>

namespace prooflode {

std::optional<Limbs> LimbsFromDecimal(std::string_view text) {
  if (text.empty() || text.size() > kDecimalDigitsMax) return std::nullopt;
  if (text[0] == '0' && text.size() > 1) return std::nullopt;
  Limbs value{};
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    uint64_t carry = static_cast<uint64_t>(c - '0');
    for (uint64_t& limb : value) {
      const unsigned __int128 product = static_cast<unsigned __int128>(limb) * 10 + carry;
      limb = static_cast<uint64_t>(product);
      carry = static_cast<uint64_t>(product >> 64);
    }
  }
  return value;
}

std::string LimbsToDecimal(Limbs value) {
  constexpr uint64_t kChunk = 1'000'000'000'000'000'000;  // 10^18
  constexpr int kChunkDigits = 18;
  std::string reversed;
  while (value != Limbs{}) {
    uint64_t remainder = 0;
    for (int i = 3; i >= 0; --i) {
      const unsigned __int128 part = (static_cast<unsigned __int128>(remainder) << 64) | value[i];
      value[i] = static_cast<uint64_t>(part / kChunk);
      remainder = static_cast<uint64_t>(part % kChunk);
    }
    for (int i = 0; i < kChunkDigits; ++i, remainder /= 10)
      reversed.push_back(static_cast<char>('0' + remainder % 10));
  }
  while (!reversed.empty() && reversed.back() == '0') reversed.pop_back();
  if (reversed.empty()) return "0";
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

}  // namespace prooflode
