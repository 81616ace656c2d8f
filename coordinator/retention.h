// Which artifacts the market still needs, and until when.
#pragma once

#include <limits>
#include <map>

#include "coordinator/market/market.h"

namespace prooflode::coordinator {

inline constexpr Micros kForEver{std::numeric_limits<int64_t>::max()};

// Keys and constraint systems of circuits for ever; witnesses while their job is unfinished and for
// `witness_kept` after it. Of several uses the longest counts. Cost: O(jobs).
std::map<Digest, Micros> KeepUntil(const market::Market& market, Micros witness_kept);

}  // namespace prooflode::coordinator
