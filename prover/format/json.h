// snarkjs's JSON files: proof.json, public.json, verification_key.json, and the 256-byte wire form of a
// proof.
//
// Strict: decimal strings without sign or leading zero, below q or r, exact counts, Z = "1", nesting at most
// 4, at most 256 members, files of at most 8 kB (proof), 16 MB (key) or 8 MB (public inputs), no member
// twice. `protocol` must be "groth16" and `curve` "bn128"; a proof alone may lack `curve`, as rapidsnark's
// do. `vk_alphabeta_12` may be absent; its numbers are checked, but it is never used: verifiers compute
// e(alpha, beta) themselves. Other members are ignored, as snarkjs does, once they are well-formed. Reading a
// proof or a verifying key also checks that every point is on its curve and in its subgroup and is not
// infinity, and that gamma is not ±delta (kFailedPrecondition, unless allowed). Every other fault is
// kInvalidArgument.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "prover/groth16/types.h"

namespace prooflode {

constexpr uint64_t kProofJsonBytesMax = 8 << 10;
// Room for kPublicInputsMax public inputs as snarkjs lays them out: 186 bytes a point of IC, 83 an input.
constexpr uint64_t kVerifyingKeyJsonBytesMax = 16 << 20;
constexpr uint64_t kPublicJsonBytesMax = 8 << 20;

// `name` is for messages.
StatusOr<groth16::Proof> ParseProofJson(std::string_view text, std::string_view name);
StatusOr<groth16::VerifyingKey> ParseVerifyingKeyJson(std::string_view text, std::string_view name,
                                                      bool allow_insecure_setup = false);
StatusOr<std::vector<Fr>> ParsePublicJson(std::string_view text, std::string_view name);

// Byte for byte what snarkjs 0.7.6 writes (one-space indentation, members in its order).
std::string ProofToJson(const groth16::Proof& proof);
std::string PublicToJson(std::span<const Fr> inputs);
// Includes vk_alphabeta_12, as snarkjs does.
std::string VerifyingKeyToJson(const groth16::VerifyingKey& key);

// The wire form; decoding checks length, canonical coordinates, curves, subgroup, and refuses infinity.
groth16::ProofBytes EncodeProof(const groth16::Proof& proof);
StatusOr<groth16::Proof> DecodeProof(ByteSpan bytes);
// 32 bytes big-endian each.
std::string EncodePublicInputs(std::span<const Fr> inputs);
StatusOr<std::vector<Fr>> DecodePublicInputs(ByteSpan bytes);

std::string FrToDecimal(const Fr& value);

}  // namespace prooflode
