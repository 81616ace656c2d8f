// Leaves of the market's append-only log: the stored bytes of (stamped command, randomness drawn, outcome).
// Bytes once written are never re-encoded to be checked; a leaf's hash is taken over them as RFC 9162 says:
// SHA-256(0x00 || bytes).
//
// Encoding (docs/formats/log.md): "plleaf1\0", type u16, time_us i64, then fields in rising order of number,
// each (number u16, length u32, bytes); integers little-endian. Decoding is strict: anything else than one
// exact encoding is refused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "base/units.h"

namespace prooflode::transparency {

enum class LeafType : uint16_t {
  kRegisterCircuit = 1,
  kPostJob = 2,
  kCancelJob = 3,
  kAdmit = 4,
  kCommit = 5,
  kReveal = 6,
  kRelease = 7,
  kVerdict = 8,
  kDeposit = 9,
  kWithdraw = 10,
  kTick = 11,
  kRestart = 12,
  kPayWithdrawal = 13,
  kRejectWithdrawal = 14,
  kCancelWithdrawal = 15,
  kSuspension = 16,
  kWithdrawCandidacy = 17,
  kHolderSilent = 18,
};
constexpr LeafType kLeafTypeMax = LeafType::kHolderSilent;

// Fields of one leaf by number; what each number means for each type is in docs/formats/log.md.
struct LeafContent {
  LeafType type = LeafType::kTick;
  Micros time{};
  std::map<uint16_t, std::string> fields;
};

std::string EncodeLeaf(const LeafContent& content);
StatusOr<LeafContent> DecodeLeaf(ByteSpan bytes);

// A stored leaf.
struct Leaf {
  uint64_t index = 0;
  std::string bytes;
  Digest hash{};
  // Beside a leaf that has a proof's hash (field 54): the proof, until it is deleted. No part of the log.
  std::optional<std::string> proof{};
};

Digest LeafHash(ByteSpan bytes);

}  // namespace prooflode::transparency
