// Debian's Abseil has its own string_view type; our interfaces use the standard one. These convert at the
// call.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace prooflode {

inline absl::string_view Sv(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view FromSv(absl::string_view s) { return {s.data(), s.size()}; }

}  // namespace prooflode
