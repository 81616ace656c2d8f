// The exact bytes that prooflode's signatures and commit hashes cover: pure functions, no protobuf, so that
// coordinator, client, miner and auditors agree and another language can do the same (docs/protocol.md has
// the table and test vectors).
//
// All integers are little-endian; variable-length fields carry a u32 length in front; fixed-length fields do
// not. Signatures are SigningKey::Sign(domain, message): Ed25519 over domain, a zero byte, message.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/crypto.h"

namespace prooflode::transparency {

inline constexpr std::string_view kLoginDomain = "prooflode/v1/login";
inline constexpr std::string_view kCommitDomain = "prooflode/v1/commit";
inline constexpr std::string_view kReceiptDomain = "prooflode/v1/receipt";
inline constexpr std::string_view kKeyHandoverDomain = "prooflode/v1/key-handover";
// Over a request's id: SHA-256 of the signature is the nonce of a requester's draws, unless it chose one.
inline constexpr std::string_view kDrawNonceDomain = "prooflode/v1/draw-nonce";
inline constexpr std::string_view kCommitHashDomain = "prooflode/v1/commit-hash";

using IdBytes = std::array<uint8_t, 16>;  // of a job or an attempt

// What a caller signs to log in. `role` is the number of prooflode.v1.Role.
struct LoginStatement {
  PublicKey coordinator{};
  std::string_view market;
  Digest nonce{};
  uint8_t role = 0;
};
std::string LoginMessage(const LoginStatement& statement);

// Names a proof of some statement: SHA-256(proof || public inputs). `proof` is in wire form, 256 bytes for
// Groth16; the inputs are 32 bytes big-endian each.
Digest ProofHash(std::string_view proof, std::string_view public_inputs);

// Binds a proof to one miner's attempt without showing it: SHA-256 over domain, a zero byte, market, job,
// attempt, miner, the proof's hash, nonce. The nonce is 32 random bytes, kept until the
// reveal.
struct CommitOpening {
  std::string_view market;
  IdBytes job{};
  IdBytes attempt{};
  PublicKey miner{};
  Digest proof_hash{};  // ProofHash's
  Digest nonce{};
};
Digest CommitHash(const CommitOpening& opening);

// What a miner signs when it places a commit.
struct CommitStatement {
  std::string_view market;
  IdBytes job{};
  IdBytes attempt{};
  uint64_t fence = 0;
  PublicKey miner{};
  Digest commit_hash{};
};
std::string CommitMessage(const CommitStatement& statement);

// What the coordinator signs once a leaf is durable: it is in the log of this size and root.
struct ReceiptStatement {
  std::string_view market;
  uint64_t leaf_index = 0;
  Digest leaf_hash{};
  uint64_t tree_size = 0;
  Digest root{};
};
std::string ReceiptMessage(const ReceiptStatement& statement);

// What both keys sign when a log passes from one to the other: it has this size and root then, and what
// follows is the successor's.
struct HandoverStatement {
  std::string_view market;
  uint64_t tree_size = 0;
  Digest root{};
  PublicKey retired{};
  PublicKey successor{};
};
std::string HandoverMessage(const HandoverStatement& statement);

}  // namespace prooflode::transparency
