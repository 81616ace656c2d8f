// Judges proofs for an audit with our own verifier.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "prover/groth16/verify.h"
#include "transparency/audit.h"

namespace prooflode::cli {

// Groth16 over BN254. Keeps each key prepared. Not thread-safe.
class Groth16Judge final : public transparency::ProofJudge {
 public:
  std::optional<Digest> KeyDigest(const std::string& verification_key_json) override;
  std::optional<bool> IsRight(const std::string& verification_key_json, const std::string& public_inputs,
                              const std::string& proof) override;

 private:
  struct Key {
    Digest digest{};
    std::unique_ptr<groth16::Verifier> verifier;
  };
  // nullptr for what is no key.
  const Key* Prepared(const std::string& json);

  std::map<std::string, std::optional<Key>> keys_;
};

}  // namespace prooflode::cli
