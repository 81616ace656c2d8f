// prooflode bench field|ntt|msm: the arithmetic alone.
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/compute_options.h"
#include "kernels/bench/bench.h"
#include "kernels/host/cpu_path.h"

namespace prooflode::cli {
namespace {

struct KernelBenchOptions {
  ComputeOptions compute;
  std::string curve = "bn254";
  std::string group = "g1";
  std::string distribution = "uniform";
  int log_size = 16;
  int runs = 5;
  bool json = false;
};

void PrintFigures(const KernelBenchOptions& options, unsigned threads,
                  const std::vector<BenchFigure>& figures) {
  if (!options.json) {
    for (const BenchFigure& figure : figures) {
      PrintLine(absl::StrFormat("%-22s %12.3f ms  %10.2f ns an element  (fastest %.3f ms, %d elements)",
                                figure.name, figure.median_ns * 1e-6, figure.median_ns_per_element(),
                                figure.min_ns * 1e-6, figure.elements));
    }
    return;
  }
  Json list = Json::array();
  for (const BenchFigure& figure : figures) {
    list.push_back({{"name", figure.name},
                    {"elements", figure.elements},
                    {"median_ns", figure.median_ns},
                    {"min_ns", figure.min_ns},
                    {"median_ns_per_element", figure.median_ns_per_element()}});
  }
  PrintJson(
      {{"device", "cpu"}, {"path", std::string(CpuPathName())}, {"threads", threads}, {"figures", list}});
}

StatusOr<ExitCode> RunKernelBench(BenchKind kind, const KernelBenchOptions& options, Session& session) {
  if (const ExitCode code = SelectDevice(options.compute); code != ExitCode::kOk) return code;
  BenchOptions bench{.kind = kind, .log_size = options.log_size, .runs = options.runs};
  PL_ASSIGN_OR_RETURN(bench.group, ParseBenchGroup(options.group));
  PL_ASSIGN_OR_RETURN(bench.distribution, ParseBenchDistribution(options.distribution));
  ThreadPool pool(ThreadCount(options.compute.threads));
  NoteFewerThreads(pool, options.compute.threads);
  PL_ASSIGN_OR_RETURN(const std::vector<BenchFigure> figures, RunBench(bench, pool, session.clock));
  PrintFigures(options, pool.threads(), figures);
  return ExitCode::kOk;
}

CLI::App* AddKernelBench(CLI::App& bench, Session& session, BenchKind kind, const std::string& name,
                         const std::string& description, const std::shared_ptr<KernelBenchOptions>& options) {
  CLI::App* command = AddCommand(
      bench, session, name, description, absl::StrCat("Example:\n  prooflode bench ", name, " --json"),
      [kind, options, &session] { return RunKernelBench(kind, *options, session); });
  AddComputeFlags(*command, options->compute);
  command->add_option("--curve", options->curve, "Curve")
      ->check(CLI::IsMember({"bn254"}))
      ->capture_default_str();
  command->add_option("--runs", options->runs, "Counted runs")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  AddJsonFlag(*command, options->json);
  return command;
}

}  // namespace

void AddKernelBenches(CLI::App& bench, Session& session) {
  const auto options = std::make_shared<KernelBenchOptions>();
  AddKernelBench(bench, session, BenchKind::kField, "field", "Products and inverses of field elements",
                 options);
  CLI::App* ntt =
      AddKernelBench(bench, session, BenchKind::kNtt, "ntt", "Number-theoretic transforms", options);
  CLI::App* msm =
      AddKernelBench(bench, session, BenchKind::kMsm, "msm", "Multi-scalar multiplication", options);
  for (CLI::App* command : {ntt, msm}) {
    command->add_option("--size", options->log_size, "Logarithm of the number of elements")
        ->check(CLI::Range(0, 26))
        ->capture_default_str();
  }
  msm->add_option("--group", options->group, "Group")
      ->check(CLI::IsMember({"g1", "g2"}))
      ->capture_default_str();
  msm->add_option("--dist", options->distribution, "What the scalars look like")
      ->check(CLI::IsMember({"uniform", "circuit", "bits"}))
      ->capture_default_str();
}

}  // namespace prooflode::cli
