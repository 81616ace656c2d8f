// `prooflode-sim economics`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace prooflode::sim {

// Adds the subcommand; run the returned function if it was chosen. Returns the exit code.
std::function<int()> AddEconomics(CLI::App& app);

}  // namespace prooflode::sim
