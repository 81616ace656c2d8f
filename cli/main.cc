// The `prooflode` command: registers the commands, reads the command line, runs the body it chose.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/edit_distance.h"
#include "base/log.h"
#include "base/real_env.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace prooflode::cli {
namespace {

// In the order that --help shows.
constexpr void (*kCommands[])(CLI::App&, Session&) = {
    AddProve,   AddVerify, AddInspect, AddExport, AddSetup,   AddWorkload, AddBench,
    AddDevices, AddKey,    AddCircuit, AddJob,    AddAccount, AddVersion};

// "prooflode key gen", as it is typed.
std::string TypedName(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return (parent == nullptr ? "" : TypedName(*parent) + " ") + command.get_name();
}

const CLI::App& ChosenCommand(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : ChosenCommand(*chosen.front());
}

// The flag or subcommand of the chosen command that `word` was perhaps meant to be, or "".
std::string NearestWord(const CLI::App& command, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(sub->get_name());
  }
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  std::string nearest;
  size_t best = 3;  // further away than two edits is another word
  for (const std::string& name : known) {
    const size_t distance = EditDistance(word.substr(0, word.find('=')), name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

int UsageError(const CLI::App& app, const std::string& message) {
  const CLI::App& command = ChosenCommand(app);
  std::string hint;
  for (const std::string& word : app.remaining(true)) {
    const std::string nearest = NearestWord(command, word);
    if (!nearest.empty()) hint += "; did you mean " + nearest + " instead of " + word + "?";
  }
  PrintError(message + hint);
  PrintNote("see `" + TypedName(command) + " --help`");
  return static_cast<int>(ExitCode::kUsage);
}

StatusOr<ExitCode> RunBodyCatching(Session& session) {
  try {  // We throw nothing, but the standard library does when memory is short.
    return session.body();
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(error.what());
  }
}

int RunBody(Session& session) {
  const StatusOr<ExitCode> code = RunBodyCatching(session);
  if (!code.ok()) PrintError(FromSv(code.status().message()));
  // A result that did not reach its reader is an error (a full disk, a closed pipe).
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    PrintError("standard output could not be written");
    return static_cast<int>(ExitCode::kError);
  }
  return static_cast<int>(code.ok() ? *code : ExitCode::kError);
}

int Main(int argc, char** argv) {
  InitLog({});
  RealClock clock;
  RealRandom random;
  Session session{clock, random, {}};
  CLI::App app("Groth16 proofs for circom and snarkjs circuits: prove, verify, inspect", "prooflode");
  app.require_subcommand(1);
  app.set_version_flag("--version", "prooflode " PROOFLODE_VERSION);
  app.footer(
      "Exit codes: 0 ok, 1 error, 2 usage, 3 no device, 4 self-test failed, 5 proof invalid, 6 unreachable, "
      "7 refused,\n"
      "8 protocol, 78 bad configuration. Flags win over PROOFLODE_* variables. Results go to stdout, "
      "progress to stderr.");
  for (const auto add : kCommands) {
    add(app, session);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error.what());
  }
  return RunBody(session);
}

}  // namespace
}  // namespace prooflode::cli

int main(int argc, char** argv) { return prooflode::cli::Main(argc, argv); }
