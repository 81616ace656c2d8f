// What proofs open, as the market's state knows their jobs and miners.
#pragma once

#include "coordinator/market/market.h"

namespace prooflode::engine {

// Sets the commit hash (transparency/signing.h) that the command's proof and nonce open, in a command that
// has them; zeros for an unknown attempt, which the market refuses.
void StampOpening(const market::Market& market, market::Command& command);
// Whether it is set so; true for a command without a proof.
bool IsOpeningRight(const market::Market& market, const market::Command& command);

}  // namespace prooflode::engine
