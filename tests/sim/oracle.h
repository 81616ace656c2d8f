// Proofs of a simulated world: 256 bytes that are valid for public inputs because they say so, cheap to make
// and to verify. Like real ones they are bearer artifacts: whoever sees one can make another of the same
// statement that looks different.
#pragma once

#include <string>

#include "base/crypto.h"
#include "tests/sim/draw.h"

namespace prooflode::sim {

constexpr size_t kProofBytes = 256;

inline std::string MakeProof(const std::string& inputs, bool valid, Draw& draw) {
  const Digest statement = Sha256(AsBytes(inputs));
  std::string proof(kProofBytes, '\0');
  std::copy(statement.begin(), statement.end(), proof.begin());
  std::array<uint8_t, 16> salt{};
  draw.Fill(salt);
  std::copy(salt.begin(), salt.end(), proof.begin() + 64);
  proof[32] = valid ? 1 : 2;
  return proof;
}
inline bool IsProof(const std::string& proof, const std::string& inputs) {
  if (proof.size() != kProofBytes || proof[32] != 1) return false;
  const Digest statement = Sha256(AsBytes(inputs));
  return std::equal(statement.begin(), statement.end(), AsBytes(proof).begin());
}

}  // namespace prooflode::sim
