#include "base/amount_text.h"

#include <algorithm>

#include "base/check.h"

namespace prooflode {

std::string FormatAmount(Amount amount, uint32_t decimals) {
  PL_CHECK(decimals <= kAssetDecimalsMax);
  std::string digits = absl::StrCat(Count(amount));
  if (decimals == 0) return digits;
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  std::string whole = digits.substr(0, digits.size() - decimals);
  std::string fraction = digits.substr(digits.size() - decimals);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? whole : absl::StrCat(whole, ".", fraction);
}

StatusOr<Amount> ParseAmount(std::string_view text, uint32_t decimals) {
  PL_CHECK(decimals <= kAssetDecimalsMax);
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("amount \"", Sv(text), "\": ", Sv(why)));
  };
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == text.npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || (point != text.npos && fraction.empty())) return bad("want digits, like 1.25");
  if (fraction.size() > decimals)
    return bad(absl::StrCat("want at most ", decimals, " digits behind the point"));
  std::string digits = absl::StrCat(Sv(whole), Sv(fraction));
  digits.append(decimals - fraction.size(), '0');
  uint64_t units = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return bad("want digits, like 1.25");
    if (__builtin_mul_overflow(units, uint64_t{10}, &units) ||
        __builtin_add_overflow(units, static_cast<uint64_t>(c - '0'), &units)) {
      return bad("too large");
    }
  }
  return Amount{units};
}

}  // namespace prooflode
