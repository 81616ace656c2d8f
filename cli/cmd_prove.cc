// prooflode prove: a proof from a proving key and a witness, written only once it has been verified.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/compute_options.h"
#include "cli/outputs.h"
#include "cli/stages.h"
#include "kernels/host/cpu_path.h"
#include "prover/format/json.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/prover.h"

namespace prooflode::cli {
namespace {

struct ProveOptions {
  std::string zkey;
  std::string witness;
  std::string proof;
  std::string public_inputs;
  ComputeOptions compute;
  unsigned repeat = 1;
  bool allow_insecure_setup = false;
  bool json = false;
};

struct Measured {
  unsigned threads = 1;
  double load_ms = 0;
  std::vector<double> prove_ms;
};

void PrintResult(const ProveOptions& options, const groth16::ProvingKey& key, const ProofResult& result,
                 const Measured& measured) {
  const size_t constraints = groth16::ConstraintCount(key);
  if (!options.json) {
    std::vector<double> sorted = measured.prove_ms;
    std::sort(sorted.begin(), sorted.end());
    PrintLine(absl::StrFormat("proved %s: %d constraints, domain 2^%d, %d public inputs", options.zkey,
                              constraints, key.log_domain, key.public_count));
    PrintLine(
        absl::StrFormat("  cpu, %d threads: load %.1f ms, prove %.1f ms%s, verify %.1f ms, peak memory %s",
                        measured.threads, measured.load_ms, sorted[sorted.size() / 2],
                        sorted.size() > 1 ? absl::StrFormat(" (median of %d)", sorted.size()) : "",
                        result.verify_ms, HumanBytes(PeakRssBytes())));
    PrintLine(absl::StrFormat("  verified, and written to %s and %s", options.proof, options.public_inputs));
    return;
  }
  PrintJson({{"device", "cpu"},
             {"path", std::string(CpuPathName())},
             {"threads", measured.threads},
             {"circuit", CircuitJson(key)},
             {"load_ms", RoundMs(measured.load_ms)},
             {"prove_ms", RoundedMs(measured.prove_ms)},
             {"stages_ms", StagesJson(result.stages)},
             {"verify_ms", RoundMs(result.verify_ms)},
             {"peak_rss_bytes", PeakRssBytes()},
             {"proof", options.proof},
             {"public", options.public_inputs}});
}

// With the most that it takes: the key, 1 KB a constraint and 32 MB.
std::string Proving(const std::string& zkey, const groth16::ProvingKey& key) {
  std::error_code error;
  const uint64_t bytes =
      std::filesystem::file_size(zkey, error) + 1000 * groth16::ConstraintCount(key) + (32 << 20);
  return absl::StrFormat("proving %s (domain 2^%d), which takes up to %s", zkey, key.log_domain,
                         HumanBytes(bytes));
}

StatusOr<ExitCode> RunProve(const ProveOptions& options, Session& session) {
  if (const ExitCode code = SelectDevice(options.compute); code != ExitCode::kOk) return code;
  PL_RETURN_IF_ERROR(CheckOutputs({options.proof, options.public_inputs}, {options.zkey, options.witness}));
  ThreadPool pool(ThreadCount(options.compute.threads));
  NoteFewerThreads(pool, options.compute.threads);
  Measured measured;
  measured.threads = pool.threads();
  const Micros start = session.clock.MonotonicNow();
  session.doing = absl::StrCat("reading ", options.witness, " and ", options.zkey);
  // The witness first: it is the smaller one, and a wrong path is told at once.
  PL_ASSIGN_OR_RETURN(const Witness witness, ReadWtns(options.witness));
  PL_ASSIGN_OR_RETURN(groth16::ProvingKey key,
                      ReadZkey(options.zkey, {.allow_insecure_setup = options.allow_insecure_setup}, pool));
  session.doing = Proving(options.zkey, key);
  const std::unique_ptr<Prover> prover = MakeCpuProver(std::move(key), session.random, session.clock, pool);
  measured.load_ms = ToMillis(session.clock.MonotonicNow() - start);
  ProofResult result;
  for (unsigned i = 0; i < options.repeat; ++i) {
    StatusOr<ProofResult> proven = prover->Prove(witness, nullptr);
    if (!proven.ok()) return Annotate(proven.status(), options.witness);
    result = *std::move(proven);
    measured.prove_ms.push_back(result.prove_ms);
  }
  PL_RETURN_IF_ERROR(ReplacePairDurably(options.public_inputs, AsBytes(PublicToJson(result.public_inputs)),
                                        options.proof, AsBytes(ProofToJson(result.proof))));
  PrintResult(options, prover->key(), result, measured);
  return ExitCode::kOk;
}

}  // namespace

void AddProve(CLI::App& app, Session& session) {
  auto options = std::make_shared<ProveOptions>();
  CLI::App* command = AddCommand(
      app, session, "prove", "Prove that a witness satisfies a circuit (Groth16, BN254)",
      "Example:\n  prooflode prove circuit.zkey witness.wtns proof.json public.json\n"
      "The proof is verified before it is written; a witness that does not satisfy the circuit writes "
      "nothing and\n"
      "ends with exit code 1. With --repeat, prove_ms lists every run and the last proof is written.",
      [options, &session] { return RunProve(*options, session); });
  command->add_option("ZKEY", options->zkey, "Proving key, as snarkjs writes it")->required();
  command->add_option("WITNESS", options->witness, "Witness (.wtns)")->required();
  command->add_option("PROOF", options->proof, "Where the proof goes (JSON)")->required();
  command->add_option("PUBLIC", options->public_inputs, "Where the public inputs go (JSON)")->required();
  AddComputeFlags(*command, options->compute);
  command->add_option("--repeat", options->repeat, "Prove this many times, for measuring")
      ->check(CLI::Range(1u, 1000000u));
  command->add_flag("--allow-insecure-setup", options->allow_insecure_setup,
                    "Accept a key without a phase-2 contribution: anybody can forge proofs for it");
  AddJsonFlag(*command, options->json);
}

}  // namespace prooflode::cli
