#include "cli/proof_judge.h"

#include "prover/format/json.h"
#include "prover/groth16/statement.h"

namespace prooflode::cli {

const Groth16Judge::Key* Groth16Judge::Prepared(const std::string& json) {
  auto [it, is_new] = keys_.try_emplace(json);
  if (is_new) {
    // Whether an insecure setup may be registered was the coordinator's question.
    const auto key = ParseVerifyingKeyJson(json, "verification key", /*allow_insecure_setup=*/true);
    if (key.ok()) {
      it->second.emplace(Key{groth16::VerifyingKeyDigest(*key), std::make_unique<groth16::Verifier>(*key)});
    }
  }
  return it->second ? &*it->second : nullptr;
}

std::optional<Digest> Groth16Judge::KeyDigest(const std::string& verification_key_json) {
  const Key* key = Prepared(verification_key_json);
  if (key == nullptr) return std::nullopt;
  return key->digest;
}

std::optional<bool> Groth16Judge::IsRight(const std::string& verification_key_json,
                                          const std::string& public_inputs, const std::string& proof) {
  const Key* key = Prepared(verification_key_json);
  if (key == nullptr) return std::nullopt;
  const auto inputs = DecodePublicInputs(AsBytes(public_inputs));
  const auto decoded = DecodeProof(AsBytes(proof));
  return inputs.ok() && decoded.ok() && key->verifier->Verify(*inputs, *decoded);
}

}  // namespace prooflode::cli
