// prooflode verify: exit code 0 for a valid proof, 5 for an invalid one, 1 for files that cannot be judged.
#include <memory>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "cli/commands.h"
#include "prover/format/json.h"
#include "prover/groth16/verify.h"

namespace prooflode::cli {
namespace {

struct VerifyOptions {
  std::string key;
  std::string public_inputs;
  std::string proof;
  bool allow_insecure_setup = false;
  bool json = false;
};

StatusOr<ExitCode> RunVerify(const VerifyOptions& options, Session& session) {
  PL_ASSIGN_OR_RETURN(const std::string key_text, ReadFile(options.key, kVerifyingKeyJsonBytesMax));
  PL_ASSIGN_OR_RETURN(const groth16::VerifyingKey key,
                      ParseVerifyingKeyJson(key_text, options.key, options.allow_insecure_setup));
  PL_ASSIGN_OR_RETURN(const std::string public_text, ReadFile(options.public_inputs, kPublicJsonBytesMax));
  PL_ASSIGN_OR_RETURN(const std::vector<Fr> inputs, ParsePublicJson(public_text, options.public_inputs));
  PL_ASSIGN_OR_RETURN(const std::string proof_text, ReadFile(options.proof, kProofJsonBytesMax));
  PL_ASSIGN_OR_RETURN(const groth16::Proof proof, ParseProofJson(proof_text, options.proof));
  const groth16::Verifier verifier(key);
  const Micros start = session.clock.MonotonicNow();
  const bool valid = verifier.Verify(inputs, proof);
  const double verify_ms = ToMillis(session.clock.MonotonicNow() - start);
  std::string reason;
  if (inputs.size() != verifier.public_count()) {
    reason = absl::StrFormat("%s has %d public inputs, the key wants %d", options.public_inputs,
                             inputs.size(), verifier.public_count());
  } else if (!valid) {
    reason = "the pairing equation does not hold";
  }
  if (options.json) {
    Json out = {{"valid", valid}, {"public_inputs", inputs.size()}, {"verify_ms", RoundMs(verify_ms)}};
    if (!valid) out["reason"] = reason;
    PrintJson(out);
  } else {
    PrintLine(valid ? "valid" : "invalid: " + reason);
  }
  return valid ? ExitCode::kOk : ExitCode::kProofInvalid;
}

}  // namespace

void AddVerify(CLI::App& app, Session& session) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command =
      AddCommand(app, session, "verify", "Verify a proof against a verification key and public inputs",
                 "Example:\n  prooflode verify verification_key.json public.json proof.json\n"
                 "Exit code 0: valid. 5: invalid. 1: a file is malformed, so there is no verdict.",
                 [options, &session] { return RunVerify(*options, session); });
  command->add_option("KEY", options->key, "Verification key (JSON)")->required();
  command->add_option("PUBLIC", options->public_inputs, "Public inputs (JSON)")->required();
  command->add_option("PROOF", options->proof, "Proof (JSON)")->required();
  command->add_flag("--allow-insecure-setup", options->allow_insecure_setup,
                    "Accept a key without a phase-2 contribution: anybody can forge proofs for it");
  AddJsonFlag(*command, options->json);
}

}  // namespace prooflode::cli
