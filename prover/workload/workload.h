// Our own circuits, R1CS and a satisfying witness built in C++ at any size.
//
// rollup: `size` signed transfers over BabyJubjub (EdDSA with Poseidon) in a Poseidon Merkle tree of
// accounts; public: old and new state root. poseidon: a chain of `size` Poseidon(2) hashes (circomlib's
// parameters); public: the last value. sha256: the digest of a private message of `size` bytes; public: the
// digest in two halves of 128 bits.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/env.h"
#include "base/status.h"
#include "prover/format/r1cs.h"
#include "prover/format/wtns.h"

namespace prooflode::workload {

enum class Kind { kRollup, kPoseidon, kSha256 };
// "rollup", "poseidon" or "sha256".
StatusOr<Kind> ParseKind(std::string_view name);

// Sizes at which a system just stays below 2^24 constraints.
constexpr uint32_t kRollupTransfersMax = 750;
constexpr uint32_t kPoseidonHashesMax = 65'536;
constexpr uint32_t kSha256BytesMax = 32'768;

// The largest size that Build takes.
uint32_t SizeMax(Kind kind);

struct Circuit {
  ConstraintSystem system;
  Witness witness;
};

// Deterministic in (kind, size, random's output). The system depends on kind and size alone, so one key
// serves every witness. kInvalidArgument for a size above the kind's limit, and for 0 unless the kind is
// sha256. 2^20 constraints take seconds and less than 0.5 GB. Sizes that fill a domain:
//
//   constraints a unit                     2^16   2^18   2^20
//   rollup      22,300 a transfer             2     11     47
//   poseidon    246 a hash                  266  1,065  4,262
//   sha256      27,000 a block of 64 bytes  119    567  2,423   (n bytes: n + 9 rounded up to blocks)
StatusOr<Circuit> Build(Kind kind, uint32_t size, Random& random);

}  // namespace prooflode::workload
