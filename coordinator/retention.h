// Which artifacts the market still needs, and until when.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <string>

#include "coordinator/market/market.h"

namespace prooflode::coordinator {

inline constexpr Micros kForEver{std::numeric_limits<int64_t>::max()};

// Keys and constraint systems of circuits for ever; witnesses while their job is unfinished and for
// `witness_kept` after it. Of several uses the longest counts. Cost: O(jobs).
std::map<Digest, Micros> KeepUntil(const market::Market& market, Micros witness_kept);

// What is wrong when files that circuits and unfinished jobs need are not there (`has` is false): how many
// they are and the first ten by name; empty when all are. A market goes on without them, its jobs do not.
std::string MissingArtifacts(const market::Market& market, const std::function<bool(const Digest&)>& has);

}  // namespace prooflode::coordinator
