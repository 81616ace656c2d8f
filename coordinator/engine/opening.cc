#include "coordinator/engine/opening.h"

#include "transparency/signing.h"

namespace prooflode::engine {

Digest OpeningOf(const market::Market& market, const market::RevealProof& reveal) {
  const market::Attempt* attempt = market.FindAttempt(reveal.attempt);
  if (attempt == nullptr) return {};
  return transparency::CommitHash({.market = market.rules().market,
                                   .job = attempt->job.bytes,
                                   .attempt = attempt->id.bytes,
                                   .miner = attempt->miner,
                                   .proof = reveal.proof,
                                   .public_inputs = market.FindJob(attempt->job)->public_inputs,
                                   .nonce = reveal.nonce});
}

}  // namespace prooflode::engine
