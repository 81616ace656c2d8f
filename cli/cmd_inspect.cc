// prooflode inspect: what a file holds, after the same checks that proving and verifying make.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "prover/format/json.h"
#include "prover/format/r1cs.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/groth16/prove.h"
#include "prover/groth16/verify.h"
#include "prover/groth16/work_units.h"

namespace prooflode::cli {
namespace {

struct InspectOptions {
  std::vector<std::string> files;
  bool json = false;
};

StatusOr<Json> InspectZkey(const std::string& path) {
  ThreadPool pool(ThreadPool::UsableProcessors());
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  PL_ASSIGN_OR_RETURN(const groth16::ProvingKey key,
                      ReadZkeyFd(fd.get(), path, {.allow_insecure_setup = true}, pool));
  PL_ASSIGN_OR_RETURN(const uint32_t contributions, ZkeyContributionCount(fd.get(), path));
  return Json{{"type", "zkey"},
              {"protocol", "groth16"},
              {"curve", "bn128"},
              {"constraints", groth16::ConstraintCount(key)},
              {"variables", key.variable_count},
              {"public_inputs", key.public_count},
              {"domain", key.domain_size()},
              {"coefficients", key.coefficients.size()},
              {"work_units", groth16::WorkUnits(key, {})},
              {"contributions", contributions},
              {"gamma_is_delta", !groth16::CheckVerifyingKey(key.verifying_key, false).ok()}};
}

StatusOr<Json> InspectWtns(const std::string& path) {
  PL_ASSIGN_OR_RETURN(const Witness witness, ReadWtns(path));
  size_t zeros = 0;
  size_t ones = 0;
  for (const Limbs& value : witness.values) {
    if ((value[1] | value[2] | value[3]) != 0 || value[0] > 1) continue;
    ++(value[0] == 0 ? zeros : ones);
  }
  return Json{{"type", "wtns"},
              {"curve", "bn128"},
              {"values", witness.values.size()},
              {"zeros", zeros},
              {"ones", ones}};
}

StatusOr<Json> InspectR1cs(const std::string& path) {
  PL_ASSIGN_OR_RETURN(const ConstraintSystem system, ReadR1cs(path));
  return Json{{"type", "r1cs"},
              {"curve", "bn128"},
              {"constraints", system.constraint_count()},
              {"wires", system.wire_count},
              {"public_outputs", system.public_output_count},
              {"public_inputs", system.public_input_count},
              {"private_inputs", system.private_input_count},
              {"terms", system.terms.size()}};
}

Json PublicInputsJson(std::span<const Fr> inputs) {
  Json out = Json::array();
  for (const Fr& input : inputs) out.push_back(FrToDecimal(input));
  return out;
}

// Told apart by their members; each is then read by its strict parser.
StatusOr<Json> InspectJson(const std::string& path) {
  PL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kVerifyingKeyJsonBytesMax));
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '[') {
    PL_ASSIGN_OR_RETURN(const std::vector<Fr> inputs, ParsePublicJson(text, path));
    return Json{{"type", "public"}, {"public_inputs", inputs.size()}, {"values", PublicInputsJson(inputs)}};
  }
  if (text.find("\"pi_a\"") != std::string::npos) {
    PL_ASSIGN_OR_RETURN(const groth16::Proof proof, ParseProofJson(text, path));
    const groth16::ProofBytes bytes = groth16::ProofBytes(EncodeProof(proof));
    return Json{{"type", "proof"}, {"protocol", "groth16"}, {"curve", "bn128"}, {"bytes", HexEncode(bytes)}};
  }
  if (text.find("\"vk_alpha_1\"") != std::string::npos) {
    PL_ASSIGN_OR_RETURN(const groth16::VerifyingKey key, ParseVerifyingKeyJson(text, path, true));
    return Json{{"type", "verification_key"},
                {"protocol", "groth16"},
                {"curve", "bn128"},
                {"public_inputs", key.ic.size() - 1},
                {"gamma_is_delta", !groth16::CheckVerifyingKey(key, false).ok()}};
  }
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": not a .zkey, .wtns or .r1cs file, nor a proof, public inputs or a verification key as JSON"));
}

StatusOr<Json> InspectFile(const std::string& path) {
  uint8_t magic[4] = {};
  uint64_t size = 0;
  {
    PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
    PL_ASSIGN_OR_RETURN(size, FileSize(fd.get(), path));
    if (size >= sizeof(magic)) PL_RETURN_IF_ERROR(ReadExactly(fd.get(), 0, magic, path));
  }
  const std::string_view name = AsChars(magic);
  Json out = {{"file", path}, {"size", size}};
  PL_ASSIGN_OR_RETURN(const Json content, name == "zkey"   ? InspectZkey(path)
                                          : name == "wtns" ? InspectWtns(path)
                                          : name == "r1cs" ? InspectR1cs(path)
                                                           : InspectJson(path));
  out.update(content);
  return out;
}

void PrintWords(const Json& content) {
  PrintLine(absl::StrFormat("%s (%s)", content["file"].get<std::string>(),
                            HumanBytes(content["size"].get<uint64_t>())));
  for (const auto& [name, value] : content.items()) {
    if (name == "file" || name == "size") continue;
    std::string label = name;
    std::replace(label.begin(), label.end(), '_', ' ');
    PrintLine(
        absl::StrFormat("  %-17s %s", label, value.is_string() ? value.get<std::string>() : value.dump()));
  }
  if (content.value("gamma_is_delta", false)) {
    PrintLine("  gamma is ±delta: anybody can forge proofs for this key");
  } else if (content.value("contributions", 1) == 0) {
    PrintLine("  no phase-2 contribution is recorded: a test key, for which its maker can forge proofs");
  }
}

StatusOr<ExitCode> RunInspect(const InspectOptions& options) {
  Json all = Json::array();
  ExitCode code = ExitCode::kOk;
  for (const std::string& path : options.files) {
    const StatusOr<Json> content = InspectFile(path);
    if (!content.ok()) {
      PrintError(FromSv(content.status().message()));
      code = ExitCode::kError;
      continue;
    }
    if (options.json) {
      all.push_back(*content);
    } else {
      PrintWords(*content);
    }
  }
  if (options.json) PrintJson(all);
  return code;
}

}  // namespace

void AddInspect(CLI::App& app, Session& session) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command =
      AddCommand(app, session, "inspect", "Check files and say what they hold",
                 "Example:\n  prooflode inspect circuit.zkey witness.wtns proof.json\n"
                 "Reads .zkey, .wtns and .r1cs files, proofs, public inputs and verification keys, with\n"
                 "every check that proving and verifying make. Exit code 1 when any file is bad.",
                 [options] { return RunInspect(*options); });
  command->add_option("FILE", options->files, "Files to look at")->required();
  AddJsonFlag(*command, options->json);
}

}  // namespace prooflode::cli
