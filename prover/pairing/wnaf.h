// Signed-digit recoding of fixed exponents at compile time.
#pragma once

#include <array>
#include <cstdint>

namespace prooflode {

// An integer as the sum of digits[i]·2^i; digits are zero or odd, below 2^(width-1) in size, and any two
// non-zero ones are at least `width` places apart (width 2: the non-adjacent form). digits[length - 1] is the
// leading one.
struct SignedDigits {
  std::array<int8_t, 68> digits{};
  int length = 0;
};

// `value` < 2^66, 2 <= width <= 6.
constexpr SignedDigits RecodeWnaf(unsigned __int128 value, int width) {
  SignedDigits result;
  while (value != 0) {
    int digit = 0;
    if (value & 1) {
      digit = static_cast<int>(value & ((1u << width) - 1));
      if (digit >= (1 << (width - 1))) digit -= 1 << width;
      value -= static_cast<unsigned __int128>(static_cast<__int128>(digit));
    }
    result.digits[result.length++] = static_cast<int8_t>(digit);
    value >>= 1;
  }
  return result;
}

}  // namespace prooflode
