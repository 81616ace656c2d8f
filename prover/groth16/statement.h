// What a verifying key, a circuit and a statement are called: digests that bind what each of them is
// (docs/formats/statement.md).
//
//   verifying key = SHA-256("prooflode/v1/verifying-key" || 0x00 || proof system (u8) || key)
//     key = alpha, beta, gamma, delta, IC[0], IC[1], … uncompressed, big-endian, EIP-197 order (imaginary
//     part first); infinity is all zeros
//   circuit id    = SHA-256("prooflode/v1/circuit" || 0x00 || verifying key || SHA-256 of the zkey file ||
//                   SHA-256 of the r1cs file, 32 zero bytes where there is none)
//   statement     = SHA-256("prooflode/v1/statement" || 0x00 || verifying key || public inputs, 32 bytes
//                   big-endian each)
//
// A circuit is the files that miners prove with, for two zkeys with one verifying key need not both be of
// use; a statement is what a verifier checks, whichever circuit it was proven with.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "prover/groth16/types.h"

namespace prooflode::groth16 {

// The number of this proof system in prooflode.v1.ProofSystem.
inline constexpr uint8_t kProofSystemNumber = 1;

Digest VerifyingKeyDigest(const VerifyingKey& key);
// `zkey` and `r1cs`: of the files' bytes.
Digest CircuitId(const Digest& verifying_key, const Digest& zkey, const std::optional<Digest>& r1cs);
Digest StatementDigest(const Digest& verifying_key, ByteSpan public_inputs);

}  // namespace prooflode::groth16
