// prooflode workload: our own circuits as files, with a witness that satisfies them.
#include <memory>

#include "absl/strings/str_format.h"
#include "cli/commands.h"
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
  SeededRandom seeded(options.seed);
  Random& random = options.seed.empty() ? session.random : seeded;
  PL_ASSIGN_OR_RETURN(const workload::Circuit circuit, workload::Build(*kind, options.size, random));
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
      "  rollup    --size signed transfers in a Poseidon Merkle tree of accounts; public: old and new root\n"
      "  poseidon  a chain of --size Poseidon hashes; public: the last value\n"
      "  sha256    the digest of a private message of --size bytes; public: the digest in two halves\n"
      "The constraints depend on kind and size alone, so one key serves every witness.",
      [options, &session] { return RunWorkload(*options, session); });
  command->add_option("KIND", options->kind, "rollup, poseidon or sha256")->required();
  command->add_option("--size", options->size, "How many transfers, hashes or bytes")
      ->check(CLI::Range(0u, 1u << 24))
      ->capture_default_str();
  command->add_option("--r1cs", options->r1cs, "Where the constraints go");
  command->add_option("--wtns", options->witness, "Where the witness goes");
  command->add_option("--seed", options->seed,
                      "Derive the witness from this text, so that it can be made again");
  AddJsonFlag(*command, options->json);
}

}  // namespace prooflode::cli
