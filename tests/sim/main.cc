// prooflode-sim: runs simulated markets, one a seed, and stops at the first broken promise. Its subcommand
// `economics` compares policies.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "base/strings.h"
#include "tests/sim/economics_main.h"
#include "tests/sim/world.h"

namespace prooflode::sim {
namespace {

constexpr int kUsage = 2;
constexpr uint64_t kRunsBetweenNotes = 500;

struct Options {
  uint64_t first_seed = 1;
  std::optional<uint64_t> count;
  std::optional<uint64_t> steps;
  std::string database;
  bool json = false;
};

// For the handler of a failed check of the code under test, which ends the process.
char running[64];

void OnAbort(int) {
  if (write(STDERR_FILENO, running, sizeof(running)) < 0) _exit(1);
  _exit(1);
}

void Report(const RunReport& run, bool json) {
  const std::string digest = HexEncode(run.digest);
  if (json) {
    nlohmann::ordered_json line{{"seed", run.seed},       {"steps", run.steps}, {"leaves", run.leaves},
                                {"crashes", run.crashes}, {"jobs", run.jobs},   {"won", run.won},
                                {"digest", digest}};
    if (!run.finding.empty()) line["violation"] = run.finding;
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf("seed %llu: %llu steps, %llu leaves, %llu crashes, %llu of %llu jobs won, digest %s\n",
                static_cast<unsigned long long>(run.seed), static_cast<unsigned long long>(run.steps),
                static_cast<unsigned long long>(run.leaves), static_cast<unsigned long long>(run.crashes),
                static_cast<unsigned long long>(run.won), static_cast<unsigned long long>(run.jobs),
                digest.c_str());
  }
  if (!run.finding.empty()) {
    std::fflush(stdout);
    std::fprintf(stderr, "prooflode-sim: seed %llu: %s\n", static_cast<unsigned long long>(run.seed),
                 run.finding.c_str());
  }
}

int RunSeeds(const Options& options) {
  std::signal(SIGABRT, OnAbort);
  uint64_t steps = 0, runs = 0, leaves = 0, crashes = 0, jobs = 0, won = 0;
  Sha256Stream all;
  const auto wanted = [&] {
    if (options.steps && steps >= *options.steps) return false;
    return options.steps && !options.count ? true : runs < options.count.value_or(1);
  };
  while (wanted()) {
    const uint64_t seed = options.first_seed + runs;
    std::snprintf(running, sizeof(running),
                  "prooflode-sim: seed %llu: a check of the code under test failed\n",
                  static_cast<unsigned long long>(seed));
    const RunReport run = RunSeed(seed, options.database);
    Report(run, options.json);
    if (!run.finding.empty()) return 1;
    all.Update(run.digest);
    ++runs;
    steps += run.steps, leaves += run.leaves, crashes += run.crashes, jobs += run.jobs, won += run.won;
    if (runs % kRunsBetweenNotes == 0) {
      std::fprintf(stderr, "prooflode-sim: %llu runs, %llu steps\n", static_cast<unsigned long long>(runs),
                   static_cast<unsigned long long>(steps));
    }
  }
  const std::string digest = HexEncode(all.Finish());
  if (options.json) {
    std::printf("%s\n", nlohmann::ordered_json{{"runs", runs},
                                               {"steps", steps},
                                               {"leaves", leaves},
                                               {"crashes", crashes},
                                               {"jobs", jobs},
                                               {"won", won},
                                               {"digest", digest},
                                               {"violations", 0}}
                            .dump()
                            .c_str());
  } else {
    std::printf(
        "%llu runs, %llu steps, %llu leaves, %llu crashes, %llu of %llu jobs won, no violation, digest %s\n",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(steps),
        static_cast<unsigned long long>(leaves), static_cast<unsigned long long>(crashes),
        static_cast<unsigned long long>(won), static_cast<unsigned long long>(jobs), digest.c_str());
  }
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Simulates whole markets with faults, a world a seed, and checks every promise",
               "prooflode-sim");
  app.add_option("--seed", options.first_seed, "The first seed (1)");
  app.add_option("--count", options.count, "How many seeds, one after another (1)");
  app.add_option("--steps", options.steps, "Seeds until this many steps were simulated");
  app.add_option("--sqlite", options.database,
                 "Keep what is durable in a SQLite database at this path (in memory)");
  app.add_flag("--json", options.json, "JSON lines");
  app.footer(
      "Exit codes: 0 every promise was kept, 1 one was broken (the seed is on standard error), 2 usage.");
  const std::function<int()> economics = AddEconomics(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "prooflode-sim: %s\n", error.what());
    return kUsage;
  }
  if (app.got_subcommand("economics")) return economics();
  return RunSeeds(options);
}

}  // namespace
}  // namespace prooflode::sim

int main(int argc, char** argv) { return prooflode::sim::Main(argc, argv); }
