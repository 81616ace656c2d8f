// 256-bit integers in decimal, in the one canonical spelling.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kernels/field/fp.h"

namespace prooflode {

// More digits than this never name a field element; 10^77 < 2^256.
constexpr size_t kDecimalDigitsMax = 77;

// Digits alone: no sign, no leading zero, 1 to 77 of them; anything else is nullopt.
std::optional<Limbs> LimbsFromDecimal(std::string_view text);
std::string LimbsToDecimal(Limbs value);

}  // namespace prooflode
