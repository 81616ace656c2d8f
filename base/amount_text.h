// Amounts of money as people write them: decimal numbers with the asset's decimals, exact, no floating point.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/units.h"

namespace prooflode {

// 19 is what a 64-bit amount can show.
constexpr uint32_t kAssetDecimalsMax = 19;

// "1.25" for 125 units at two decimals; trailing zeros of the fraction are left out.
std::string FormatAmount(Amount amount, uint32_t decimals);

// The exact inverse: digits with at most one point and at most `decimals` digits behind it; kInvalidArgument
// for anything else, or for more than fits.
StatusOr<Amount> ParseAmount(std::string_view text, uint32_t decimals);

}  // namespace prooflode
