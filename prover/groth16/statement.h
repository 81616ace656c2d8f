// What a circuit and a statement are called: digests that bind the proof system, the verifying key and the
// public inputs.
//
//   circuit id = SHA-256("prooflode/v1/circuit" || 0x00 || proof system (u8) || key)
//     key = alpha, beta, gamma, delta, IC[0], IC[1], … uncompressed, big-endian, EIP-197 order (imaginary
//     part first); infinity is all zeros
//   statement  = SHA-256("prooflode/v1/statement" || 0x00 || circuit id || public inputs, 32 bytes big-endian
//     each)
#pragma once

#include "base/bytes.h"
#include "prover/groth16/types.h"

namespace prooflode::groth16 {

// The number of this proof system in prooflode.v1.ProofSystem.
inline constexpr uint8_t kProofSystemNumber = 1;

Digest CircuitId(const VerifyingKey& key);
Digest StatementDigest(const Digest& circuit_id, ByteSpan public_inputs);

}  // namespace prooflode::groth16
