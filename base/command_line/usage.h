// What to tell whoever mistyped a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace prooflode {

// The command that was chosen before parsing failed, as it is typed: "prooflode key gen".
std::string ChosenCommand(const CLI::App& app);

// After a parse that failed with `message`: that message, the commands there are where one was wanted, and
// for a word that nobody knows the flag or command that it was perhaps meant to be (at most two edits away).
std::string UsageError(const CLI::App& app, const std::string& message);

}  // namespace prooflode
