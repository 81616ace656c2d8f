// The `prooflode` command: registers the commands, reads the command line, runs the body it chose.
#include <cstdio>
#include <new>
#include <string>

#include "base/command_line/usage.h"
#include "base/log.h"
#include "base/real_env.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "client/channel.h"

namespace prooflode::cli {
namespace {

// In the order that --help shows.
constexpr void (*kCommands[])(CLI::App&, Session&) = {
    AddProve, AddVerify,  AddInspect, AddExport,  AddSetup,    AddWorkload, AddBench, AddDevices,
    AddKey,   AddCircuit, AddJob,     AddAccount, AddOperator, AddLog,      AddAudit, AddVersion};

int ReportUsageError(const CLI::App& app, const std::string& message) {
  PrintError(UsageError(app, message));
  PrintNote("see `" + ChosenCommand(app) + " --help`");
  return static_cast<int>(ExitCode::kUsage);
}

StatusOr<ExitCode> RunBodyCatching(Session& session) {
  try {  // We throw nothing, but the standard library does when memory is short.
    return session.body();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory while " + session.doing);
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(absl::StrCat("while ", session.doing, ": ", error.what()));
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
  if (code.ok()) return static_cast<int>(*code);
  return static_cast<int>(IsUsage(code.status()) ? ExitCode::kUsage : ExitCode::kError);
}

int Main(int argc, char** argv) {
  client::NoticeConnectionsSoon();
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
    return ReportUsageError(app, error.what());
  }
  return RunBody(session);
}

}  // namespace
}  // namespace prooflode::cli

int main(int argc, char** argv) { return prooflode::cli::Main(argc, argv); }
