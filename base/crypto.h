// SHA-256 and Ed25519 over OpenSSL, which stays behind this header.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/env.h"
#include "base/status.h"

namespace prooflode {

Digest Sha256(ByteSpan data);

// Incremental form; Finish() may be called once. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void Update(ByteSpan data);
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

// An Ed25519 signing key (RFC 8032). Copies are not made; the seed is wiped on destruction.
class SigningKey {
 public:
  static SigningKey FromSeed(const std::array<uint8_t, 32>& seed);
  static SigningKey Generate(Random& random);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const PublicKey& public_key() const { return public_key_; }
  // Signs domain tag, a zero byte, and the message. Every signature of prooflode names what it is for.
  Signature Sign(std::string_view domain, ByteSpan message) const;
  // Signs `text` as it stands, for signed notes (C2SP signed-note), whose first line says what they are.
  // `text` may hold no zero byte (checked), so that no such signature can be taken for one of Sign().
  Signature SignText(std::string_view text) const;

  // The key as it is kept on disk: one line, "prooflode-ed25519-seed-v1 " and 64 hexadecimal digits.
  std::string Serialize() const;
  static StatusOr<SigningKey> Parse(std::string_view text);

 private:
  SigningKey() = default;
  std::array<uint8_t, 32> seed_{};
  PublicKey public_key_{};
};

bool VerifySignature(const PublicKey& key, std::string_view domain, ByteSpan message,
                     const Signature& signature);
// False too for a text with a zero byte.
bool VerifyTextSignature(const PublicKey& key, std::string_view text, const Signature& signature);

// Reads a key file; refuses one that others may read. Creates nothing.
StatusOr<SigningKey> LoadSigningKey(const std::string& path);
// Writes a new key file with mode 0600; fails with kAlreadyExists rather than overwrite.
StatusOr<SigningKey> CreateSigningKey(const std::string& path, Random& random);

}  // namespace prooflode
