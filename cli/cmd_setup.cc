// prooflode setup --insecure: a proving key for tests and measurements.
#include <memory>
#include <optional>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "cli/commands.h"
#include "cli/compute_options.h"
#include "cli/outputs.h"
#include "cli/seeded_random.h"
#include "cli/stages.h"
#include "prover/format/json.h"
#include "prover/format/r1cs.h"
#include "prover/format/zkey.h"
#include "prover/groth16/prove.h"

namespace prooflode::cli {
namespace {

struct SetupOptions {
  std::string r1cs;
  std::string zkey;
  std::string verifying_key;
  std::string seed;
  bool insecure = false;
  unsigned threads = 0;
  bool json = false;
};

StatusOr<ExitCode> RunSetup(const SetupOptions& options, Session& session) {
  if (!options.insecure) {
    PrintError(
        "setup makes keys for tests alone: whoever runs it could forge proofs. Say --insecure if that is "
        "what you want; "
        "a key for real use comes from a ceremony (snarkjs groth16 setup and zkey contribute)");
    return ExitCode::kUsage;
  }
  PL_RETURN_IF_ERROR(CheckOutputs({options.zkey, options.verifying_key}, {options.r1cs}));
  PrintNote(
      "WARNING: this key is INSECURE. It comes from toxic waste that this process knows; use it for tests "
      "only.");
  if (!options.seed.empty())
    PrintNote("WARNING: with --seed, everybody who knows the seed can forge proofs.");
  ThreadPool pool(ThreadCount(options.threads));
  NoteFewerThreads(pool, options.threads);
  const Micros start = session.clock.MonotonicNow();
  const groth16::Progress progress = [&](std::string_view step) {
    PrintNote(absl::StrFormat("%6.1f s  %s", ToSeconds(session.clock.MonotonicNow() - start), Sv(step)));
  };
  session.doing = "making a key for " + options.r1cs;
  progress("reading the constraints");
  groth16::ProvingKey key;
  size_t constraints = 0;
  {
    PL_ASSIGN_OR_RETURN(const ConstraintSystem system, ReadR1cs(options.r1cs));
    constraints = system.constraint_count();
    SeededRandom seeded(options.seed);
    Random& random = options.seed.empty() ? session.random : seeded;
    StatusOr<groth16::ProvingKey> made = groth16::InsecureSetup(system, random, pool, progress);
    if (!made.ok()) return Annotate(made.status(), options.r1cs);
    key = *std::move(made);
  }
  progress("writing the key");
  PL_RETURN_IF_ERROR(WriteZkey(options.zkey, key));
  if (!options.verifying_key.empty()) {
    PL_RETURN_IF_ERROR(
        ReplaceFileDurably(options.verifying_key, AsBytes(VerifyingKeyToJson(key.verifying_key))));
  }
  const double setup_ms = ToMillis(session.clock.MonotonicNow() - start);
  if (options.json) {
    PrintJson({{"insecure", true},
               {"circuit", CircuitJson(key)},
               {"setup_ms", RoundMs(setup_ms)},
               {"peak_rss_bytes", PeakRssBytes()},
               {"zkey", options.zkey}});
  } else {
    PrintLine(
        absl::StrFormat("insecure test key for %d constraints (domain 2^%d, %d public inputs) in %.1f s: %s",
                        constraints, key.log_domain, key.public_count, setup_ms / 1000, options.zkey));
  }
  return ExitCode::kOk;
}

}  // namespace

void AddSetup(CLI::App& app, Session& session) {
  auto options = std::make_shared<SetupOptions>();
  CLI::App* command = AddCommand(
      app, session, "setup", "Make an insecure proving key for tests from a circuit's constraints",
      "Example:\n  prooflode setup --insecure circuit.r1cs circuit.zkey --vkey verification_key.json\n"
      "The key's secrets are drawn by this process, so whoever runs it could forge proofs: never use such a "
      "key where\n"
      "money or trust depends on it.",
      [options, &session] { return RunSetup(*options, session); });
  command->add_option("R1CS", options->r1cs, "Constraints, as circom writes them")->required();
  command->add_option("ZKEY", options->zkey, "Where the proving key goes")->required();
  command->add_flag("--insecure", options->insecure, "Yes, an insecure key is wanted");
  command->add_option("--vkey", options->verifying_key, "Also write the verification key (JSON) here");
  command->add_option("--seed", options->seed, "Derive the key from this text, so that it can be made again");
  AddThreadsFlag(*command, options->threads);
  AddJsonFlag(*command, options->json);
}

}  // namespace prooflode::cli
