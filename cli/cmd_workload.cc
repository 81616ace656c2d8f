// prooflode workload: our own circuits as files, with a witness that satisfies them.
#include <memory>

#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/seeded_random.h"
#include "prover/workload/workload.h"

namespace prooflode::cli {
namespace {

struct WorkloadOptions {
  std::string kind;
  uint32_t size = 1;
  std::string r1cs;
  std::string witness;
  std::string seed;
  bool json = false;
};

StatusOr<ExitCode> RunWorkload(const WorkloadOptions& options, Session& session) {
  const StatusOr<workload::Kind> kind = workload::ParseKind(options.kind);
  if (!kind.ok()) {
    PrintError(FromSv(kind.status().message()));
    return ExitCode::kUsage;
  }
  PL_RETURN_IF_ERROR(CheckOutputs({options.r1cs, options.witness}, {}));
  SeededRandom seeded(options.seed);
  Random& random = options.seed.empty() ? session.random : seeded;
  session.doing = absl::StrFormat("building a circuit of --size %d", options.size);
  const StatusOr<workload::Circuit> built = workload::Build(*kind, options.size, random);
  if (absl::IsInvalidArgument(built.status())) {
    PrintError(absl::StrCat("--size: ", built.status().message()));
    return ExitCode::kUsage;
  }
  PL_RETURN_IF_ERROR(built.status());
  const workload::Circuit& circuit = *built;
  if (!options.r1cs.empty()) PL_RETURN_IF_ERROR(WriteR1cs(options.r1cs, circuit.system));
  if (!options.witness.empty()) PL_RETURN_IF_ERROR(WriteWtns(options.witness, circuit.witness));
  const ConstraintSystem& system = circuit.system;
  if (options.json) {
    PrintJson({{"workload", options.kind},
               {"size", options.size},
               {"constraints", system.constraint_count()},
               {"wires", system.wire_count},
               {"public_inputs", system.public_count()}});
  } else {
    PrintLine(absl::StrFormat("%s of size %d: %d constraints, %d wires, %d public", options.kind,
                              options.size, system.constraint_count(), system.wire_count,
                              system.public_count()));
  }
  return ExitCode::kOk;
}

}  // namespace

void AddWorkload(CLI::App& app, Session& session) {
  auto options = std::make_shared<WorkloadOptions>();
  CLI::App* command = AddCommand(
      app, session, "workload", "Build a demonstration circuit of any size, with a satisfying witness",
      "Example:\n  prooflode workload poseidon --size 68 --r1cs chain.r1cs --wtns chain.wtns\n"
      "  rollup    --size signed transfers (1 to " +
          std::to_string(workload::kRollupTransfersMax) +
          ") in a Poseidon Merkle tree of accounts;\n"
          "            public: old and new root\n"
          "  poseidon  a chain of --size Poseidon hashes (1 to " +
          std::to_string(workload::kPoseidonHashesMax) +
          "); public: the last value\n"
          "  sha256    the digest of a private message of --size bytes (0 to " +
          std::to_string(workload::kSha256BytesMax) +
          ");\n"
          "            public: the digest in two halves\n"
          "The constraints depend on kind and size alone, so one key serves every witness.",
      [options, &session] { return RunWorkload(*options, session); });
  command->add_option("KIND", options->kind, "rollup, poseidon or sha256")->required();
  command->add_option("--size", options->size, "How many transfers, hashes or bytes; see below")
      ->capture_default_str();
  command->add_option("--r1cs", options->r1cs, "Where the constraints go");
  command->add_option("--wtns", options->witness, "Where the witness goes");
  command->add_option("--seed", options->seed,
                      "Derive the witness from this text, so that it can be made again");
  AddJsonFlag(*command, options->json);
}

}  // namespace prooflode::cli
