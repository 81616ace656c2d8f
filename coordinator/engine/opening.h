// What a reveal opens, as the market's state knows its job and miner.
#pragma once

#include "coordinator/market/market.h"

namespace prooflode::engine {

// The commit hash (transparency/signing.h) of the reveal's proof and nonce; zeros for an unknown attempt,
// whose reveal the market refuses.
Digest OpeningOf(const market::Market& market, const market::RevealProof& reveal);

}  // namespace prooflode::engine
