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
StatusOr<Kind> ParseKind(std::string_view name);

struct Circuit {
  ConstraintSystem system;
  Witness witness;
};

// Deterministic in (kind, size, random's output). The system depends on kind and size alone, so one key
// serves every witness.
StatusOr<Circuit> Build(Kind kind, uint32_t size, Random& random);

}  // namespace prooflode::workload
