// Drawing lots for the places of a job, so that everybody who has the log can draw them again: SHA-256 over
// bytes that were fixed when the job was posted, integers alone.
//
//   seed   = SHA-256("prooflode/v1/draw" || 0x00 || job id (16) || nonce length (u32) || nonce || previous
//   root (32)) ticket = SHA-256("prooflode/v1/ticket" || 0x00 || seed || draw number (u32) || miner key (32)
//   || i (u32))
//
// The root is the log's before the posting's leaf, the nonce the requester's own; integers are little-endian.
// A candidate has tickets i = 0, 1, …; its lowest one counts, as big-endian number, and the candidates with
// the lowest get the places. docs/market.md says what this proves and what it does not.
#pragma once

#include <string>
#include <vector>

#include "coordinator/market/types.h"

namespace prooflode::market {

// Draws lost since a miner was last admitted, beyond which more do not count.
inline constexpr uint32_t kAgeingMax = 7;

Digest DrawSeed(const JobId& job, const std::string& nonce, const Digest& previous_root);

// 1 to 16: one, and one more for each draw lost in a row. Twice as many where `resident`: it is not known
// from a miner's word alone (State::IsResident).
uint32_t TicketsOf(uint32_t draws_lost, bool resident);

struct DrawCandidate {
  Identity miner{};
  uint32_t tickets = 1;  // at least 1
};

// In the order in which they get places: a permutation of `candidates`, whose miners differ. Cost: one hash a
// ticket.
std::vector<DrawCandidate> DrawOrder(const Digest& seed, uint32_t number,
                                     std::vector<DrawCandidate> candidates);

// The id of the attempt that a draw gives a miner: not known before the job, never twice.
AttemptId DrawnAttemptId(const Digest& seed, uint32_t number, const Identity& miner);

}  // namespace prooflode::market
