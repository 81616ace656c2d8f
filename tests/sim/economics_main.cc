#include "tests/sim/economics_main.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "tests/sim/economics.h"

namespace prooflode::sim {
namespace {

struct Choice {
  EconomyOptions options;
  uint32_t window_ms = 100;
  bool json = false;
};

void Print(const PolicyFigures& f, bool json) {
  if (json) {
    const nlohmann::ordered_json line{{"policy", f.name},
                                      {"jobs_per_hour", f.jobs_per_hour},
                                      {"p50_s", f.p50_s},
                                      {"p99_s", f.p99_s},
                                      {"wasted", f.wasted},
                                      {"fastest_wins", f.fastest_wins},
                                      {"slow_half_wins", f.slow_half_wins},
                                      {"slow_half_power", f.slow_half_power},
                                      {"never_win", f.never_win}};
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf("%-13s %8.0f %7.1f %7.1f %7.1f%% %8.1f%% %9.1f%% %10.1f\n", f.name.c_str(), f.jobs_per_hour,
                f.p50_s, f.p99_s, 100 * f.wasted, 100 * f.fastest_wins, 100 * f.slow_half_wins, f.never_win);
  }
  std::fflush(stdout);
}

int Run(Choice choice) {
  choice.options.draw_window = Millis(choice.window_ms);
  if (!choice.json) {
    std::printf("%-13s %8s %7s %7s %8s %9s %10s %10s\n", "policy", "jobs/h", "p50 s", "p99 s", "wasted",
                "fastest", "slow half", "never win");
  }
  double power = 0;
  for (const NamedPolicy& named : ComparedPolicies()) {
    const PolicyFigures figures = RunPolicy(named.name, named.policy, choice.options);
    Print(figures, choice.json);
    power = figures.slow_half_power;
  }
  if (!choice.json) {
    std::printf("%u miners, %u seeds from %llu on, %.1f h each; the slow half has %.1f %% of all speed\n",
                choice.options.miners, choice.options.seeds,
                static_cast<unsigned long long>(choice.options.first_seed), choice.options.hours,
                100 * power);
  }
  return 0;
}

}  // namespace

std::function<int()> AddEconomics(CLI::App& app) {
  auto choice = std::make_shared<Choice>();
  CLI::App* economics = app.add_subcommand(
      "economics", "What each policy gives and wastes: miners of different speed and jobs without end");
  economics->add_option("--seed", choice->options.first_seed, "The first seed (1)");
  economics->add_option("--seeds", choice->options.seeds, "How many of them (8)")->check(CLI::Range(1, 1000));
  economics->add_option("--miners", choice->options.miners, "How many (50)")->check(CLI::Range(2, 1000));
  economics->add_option("--hours", choice->options.hours, "Of simulated time, each seed (2)")
      ->check(CLI::Range(0.01, 1000.0));
  economics->add_option("--draw-window-ms", choice->window_ms, "The market's rule (100); 0: first come")
      ->check(CLI::Range(0, 10'000));
  economics->add_flag("--json", choice->json, "JSON lines");
  return [economics, choice] { return economics->parsed() ? Run(*choice) : -1; };
}

}  // namespace prooflode::sim
