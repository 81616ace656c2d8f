// prooflode bench groth16: how fast this machine proves. The circuit and its key are made on the spot, so
// nothing else is needed.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/compute_options.h"
#include "cli/seeded_random.h"
#include "cli/stages.h"
#include "kernels/host/cpu_path.h"
#include "prover/prover.h"
#include "prover/workload/workload.h"

namespace prooflode::cli {
namespace {

struct BenchOptions {
  ComputeOptions compute;
  int log_size = 14;
  std::string distribution = "uniform";
  unsigned repeat = 5;
  bool json = false;
};

// What kind of circuit has a witness of this distribution: full-size values, a mixture, or zeros and ones.
workload::Kind KindOf(const std::string& distribution) {
  if (distribution == "uniform") return workload::Kind::kPoseidon;
  if (distribution == "circuit") return workload::Kind::kRollup;
  return workload::Kind::kSha256;
}

size_t Rows(const ConstraintSystem& system) { return system.constraint_count() + system.public_count() + 1; }

// The circuit whose rows fill a domain of 2^log_size: more than half of it, and close to all where the kind's
// steps allow.
StatusOr<workload::Circuit> CircuitOfSize(workload::Kind kind, int log_size, Random& random) {
  const size_t domain = size_t{1} << log_size;
  uint64_t size = 1;
  uint64_t too_large = uint64_t{workload::SizeMax(kind)} + 1;
  StatusOr<workload::Circuit> best = absl::NotFoundError(
      absl::StrFormat("no circuit of this kind fits into 2^%d rows; try a larger --size", log_size));
  // Circuits grow about linearly: each guess scales the last one, and one that is too large bounds those
  // after it.
  for (int guess = 0; guess < 8; ++guess) {
    PL_ASSIGN_OR_RETURN(workload::Circuit circuit,
                        workload::Build(kind, static_cast<uint32_t>(size), random));
    const size_t rows = Rows(circuit.system);
    if (rows > domain) too_large = std::min(too_large, size);
    const uint64_t next = std::min(too_large - 1, std::max<uint64_t>(1, size * domain / rows));
    if (rows <= domain) best = std::move(circuit);
    if (next == size || next == 0 || (rows <= domain && rows > domain - domain / 16)) break;
    size = next;
  }
  if (best.ok() && Rows(best->system) <= domain / 2) {
    return absl::NotFoundError(absl::StrFormat("no circuit of this kind fills 2^%d rows", log_size));
  }
  return best;
}

StatusOr<ExitCode> RunGroth16(const BenchOptions& options, Session& session) {
  if (const ExitCode code = SelectDevice(options.compute); code != ExitCode::kOk) return code;
  ThreadPool pool(ThreadCount(options.compute.threads));
  NoteFewerThreads(pool, options.compute.threads);
  SeededRandom random("prooflode bench");
  const workload::Kind kind = KindOf(options.distribution);
  PrintNote("building the circuit and a test key");
  session.doing = absl::StrFormat("building a circuit and its key (--size %d)", options.log_size);
  const StatusOr<workload::Circuit> found = CircuitOfSize(kind, options.log_size, random);
  if (absl::IsNotFound(found.status())) {
    PrintError(absl::StrCat("--size: ", found.status().message()));
    return ExitCode::kUsage;
  }
  PL_RETURN_IF_ERROR(found.status());
  const workload::Circuit& circuit = *found;
  PL_ASSIGN_OR_RETURN(groth16::ProvingKey key, groth16::InsecureSetup(circuit.system, random, pool));
  session.doing = absl::StrFormat("proving (domain 2^%d)", key.log_domain);
  const std::unique_ptr<Prover> prover = MakeCpuProver(std::move(key), session.random, session.clock, pool);
  std::vector<double> prove_ms;
  ProofResult result;
  for (unsigned i = 0; i < options.repeat; ++i) {
    PrintNote(absl::StrFormat("proof %d of %d", i + 1, options.repeat));
    PL_ASSIGN_OR_RETURN(result, prover->Prove(circuit.witness, nullptr));
    prove_ms.push_back(result.prove_ms);
  }
  std::vector<double> sorted = prove_ms;
  std::sort(sorted.begin(), sorted.end());
  const double median_ms = sorted[sorted.size() / 2];
  if (options.json) {
    PrintJson({{"bench", "groth16"},
               {"device", "cpu"},
               {"path", std::string(CpuPathName())},
               {"threads", pool.threads()},
               {"dist", options.distribution},
               {"circuit", CircuitJson(prover->key())},
               {"prove_ms", RoundedMs(prove_ms)},
               {"median_ms", RoundMs(median_ms)},
               {"stages_ms", StagesJson(result.stages)},
               {"verify_ms", RoundMs(result.verify_ms)},
               {"peak_rss_bytes", PeakRssBytes()}});
  } else {
    const size_t constraints = groth16::ConstraintCount(prover->key());
    PrintLine(
        absl::StrFormat("groth16 %s 2^%d (%d constraints): %.1f ms, median of %d; %.0f constraints a second",
                        options.distribution, prover->key().log_domain, constraints, median_ms,
                        prove_ms.size(), static_cast<double>(constraints) * 1000 / median_ms));
    PrintLine(absl::StrFormat("  cpu (%s), %d threads, fastest %.1f ms, slowest %.1f ms",
                              std::string(CpuPathName()), pool.threads(), sorted.front(), sorted.back()));
  }
  return ExitCode::kOk;
}

}  // namespace

void AddBench(CLI::App& app, Session& session) {
  CLI::App* bench = app.add_subcommand("bench", "Measure this machine");
  bench->require_subcommand(1);
  AddKernelBenches(*bench, session);
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command =
      AddCommand(*bench, session, "groth16", "Prove a circuit made on the spot, several times",
                 "Example:\n  prooflode bench groth16 --size 16 --dist uniform --threads 2 --json\n"
                 "--dist: uniform, a Poseidon chain (full-size values); circuit, a rollup batch; bits,\n"
                 "a SHA-256 preimage (mostly zeros and ones).",
                 [options, &session] { return RunGroth16(*options, session); });
  AddComputeFlags(*command, options->compute);
  command->add_option("--size", options->log_size, "Logarithm of the domain")
      ->check(CLI::Range(10, 24))
      ->capture_default_str();
  command->add_option("--dist", options->distribution, "What the witness looks like")
      ->check(CLI::IsMember({"uniform", "circuit", "bits"}))
      ->capture_default_str();
  command->add_option("--repeat", options->repeat, "How many proofs")
      ->check(CLI::Range(1u, 10000u))
      ->capture_default_str();
  AddJsonFlag(*command, options->json);
}

}  // namespace prooflode::cli
