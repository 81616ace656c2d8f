#include "coordinator/engine/opening.h"

#include "transparency/signing.h"

namespace prooflode::engine {
namespace {

Digest OpenedBy(const market::Market& market, const market::AttemptId& id, const market::Opening& opening) {
  const market::Attempt* attempt = market.FindAttempt(id);
  if (attempt == nullptr) return {};
  return transparency::CommitHash({.market = market.rules().market,
                                   .job = attempt->job.bytes,
                                   .attempt = attempt->id.bytes,
                                   .miner = attempt->miner,
                                   .proof_hash = opening.proof_hash,
                                   .nonce = opening.nonce});
}

// Calls `visit` with the attempt and the opening of a command that has one.
template <typename Command, typename Visit>
void VisitOpening(Command& command, const Visit& visit) {
  if (auto* reveal = std::get_if<market::RevealProof>(&command)) visit(reveal->attempt, reveal->opening);
  auto* commit = std::get_if<market::CommitProof>(&command);
  if (commit != nullptr && commit->opening) visit(commit->attempt, *commit->opening);
}

}  // namespace

void StampOpening(const market::Market& market, market::Command& command) {
  VisitOpening(command, [&](const market::AttemptId& attempt, market::Opening& opening) {
    const market::Attempt* known = market.FindAttempt(attempt);
    if (known == nullptr) return;
    opening.proof_hash = transparency::ProofHash(opening.proof, market.FindJob(known->job)->public_inputs);
    opening.commit_hash = OpenedBy(market, attempt, opening);
  });
}

std::pair<market::AttemptId, const market::Opening*> FindOpening(const market::Command& command) {
  std::pair<market::AttemptId, const market::Opening*> found{};
  VisitOpening(command, [&](const market::AttemptId& attempt, const market::Opening& opening) {
    found = {attempt, &opening};
  });
  return found;
}

bool IsOpeningRight(const market::Market& market, const market::Command& command) {
  bool right = true;
  VisitOpening(command, [&](const market::AttemptId& attempt, const market::Opening& opening) {
    right = opening.commit_hash == OpenedBy(market, attempt, opening);
  });
  return right;
}

}  // namespace prooflode::engine
