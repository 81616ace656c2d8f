// What proofs open, as the market's state knows their jobs and miners.
#pragma once

#include "coordinator/market/market.h"

namespace prooflode::engine {

// Sets the proof's hash and the commit hash (transparency/signing.h) that it opens with the nonce, in a
// command that has a proof; zeros for an unknown attempt, which the market refuses.
void StampOpening(const market::Market& market, market::Command& command);
// Whether the commit hash is that of the proof's hash and the nonce; true for a command without a proof.
bool IsOpeningRight(const market::Market& market, const market::Command& command);
// What a command opens and for which attempt; nullptr without a proof.
std::pair<market::AttemptId, const market::Opening*> FindOpening(const market::Command& command);

}  // namespace prooflode::engine
