// prooflode export: what other tools and Ethereum contracts want of a key or a proof.
#include <memory>

#include "base/files.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/outputs.h"
#include "prover/format/json.h"
#include "prover/format/zkey.h"
#include "prover/groth16/solidity.h"

namespace prooflode::cli {
namespace {

struct ExportOptions {
  std::string input;
  std::string second_input;
  std::string output;
  bool allow_insecure_setup = false;
  bool json = false;
};

// From a proving key or from a verification key in JSON: the file tells which.
StatusOr<groth16::VerifyingKey> LoadVerifyingKey(const std::string& path, bool allow_insecure_setup) {
  uint8_t magic[4] = {};
  {
    PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
    PL_ASSIGN_OR_RETURN(const uint64_t size, FileSize(fd.get(), path));
    if (size >= sizeof(magic)) PL_RETURN_IF_ERROR(ReadExactly(fd.get(), 0, magic, path));
  }
  if (AsChars(magic) == "zkey") {
    ThreadPool pool(ThreadPool::UsableProcessors());
    PL_ASSIGN_OR_RETURN(groth16::ProvingKey key,
                        ReadZkey(path, {.allow_insecure_setup = allow_insecure_setup}, pool));
    return std::move(key.verifying_key);
  }
  PL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kVerifyingKeyJsonBytesMax));
  return ParseVerifyingKeyJson(text, path, allow_insecure_setup);
}

StatusOr<ExitCode> WriteOutput(const ExportOptions& options, const std::string& text) {
  PL_RETURN_IF_ERROR(ReplaceFileDurably(options.output, AsBytes(text)));
  if (options.json) {
    PrintJson({{"output", options.output}, {"bytes", text.size()}});
  } else {
    PrintLine("written to " + options.output);
  }
  return ExitCode::kOk;
}

StatusOr<ExitCode> RunVerificationKey(const ExportOptions& options) {
  PL_RETURN_IF_ERROR(CheckOutputs({options.output}, {options.input}));
  PL_ASSIGN_OR_RETURN(const groth16::VerifyingKey key,
                      LoadVerifyingKey(options.input, options.allow_insecure_setup));
  return WriteOutput(options, VerifyingKeyToJson(key));
}

StatusOr<ExitCode> RunSolidity(const ExportOptions& options) {
  PL_RETURN_IF_ERROR(CheckOutputs({options.output}, {options.input}));
  PL_ASSIGN_OR_RETURN(const groth16::VerifyingKey key,
                      LoadVerifyingKey(options.input, options.allow_insecure_setup));
  return WriteOutput(options, groth16::SolidityVerifier(key));
}

StatusOr<ExitCode> RunCalldata(const ExportOptions& options) {
  PL_ASSIGN_OR_RETURN(const std::string public_text, ReadFile(options.input, kPublicJsonBytesMax));
  PL_ASSIGN_OR_RETURN(const std::vector<Fr> inputs, ParsePublicJson(public_text, options.input));
  PL_ASSIGN_OR_RETURN(const std::string proof_text, ReadFile(options.second_input, kProofJsonBytesMax));
  PL_ASSIGN_OR_RETURN(const groth16::Proof proof, ParseProofJson(proof_text, options.second_input));
  const std::string text = groth16::Calldata(proof, inputs);
  if (options.json) {
    PrintJson({{"calldata", text}});
  } else {
    PrintLine(text);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddExport(CLI::App& app, Session& session) {
  CLI::App* parent =
      app.add_subcommand("export", "Write a verification key, a Solidity verifier or its call data");
  parent->require_subcommand(1);
  auto options = std::make_shared<ExportOptions>();
  CLI::App* key =
      AddCommand(*parent, session, "verificationkey", "Write the verification key of a proving key (JSON)",
                 "Example:\n  prooflode export verificationkey circuit.zkey verification_key.json",
                 [options] { return RunVerificationKey(*options); });
  CLI::App* solidity = AddCommand(*parent, session, "solidity", "Write a verifier contract for Solidity 0.8",
                                  "Example:\n  prooflode export solidity circuit.zkey Verifier.sol\n"
                                  "KEY is a proving key (.zkey) or a verification key (JSON).",
                                  [options] { return RunSolidity(*options); });
  for (CLI::App* command : {key, solidity}) {
    command->add_option("KEY", options->input, "Proving key, or verification key as JSON")->required();
    command->add_option("OUT", options->output, "Where it goes")->required();
    command->add_flag("--allow-insecure-setup", options->allow_insecure_setup,
                      "Accept a key without a phase-2 contribution: anybody can forge proofs for it");
    AddJsonFlag(*command, options->json);
  }
  CLI::App* calldata =
      AddCommand(*parent, session, "calldata", "Print the arguments of a contract call with a proof",
                 "Example:\n  prooflode export calldata public.json proof.json",
                 [options] { return RunCalldata(*options); });
  calldata->add_option("PUBLIC", options->input, "Public inputs (JSON)")->required();
  calldata->add_option("PROOF", options->second_input, "Proof (JSON)")->required();
  AddJsonFlag(*calldata, options->json);
}

}  // namespace prooflode::cli
