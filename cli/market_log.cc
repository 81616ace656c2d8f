// prooflode log verify: the leaves are what was signed, and what was signed extends what this client saw
// before.
#include <cstdlib>
#include <memory>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/log_input.h"
#include "cli/market_cosign.h"
#include "client/receipt_book.h"
#include "transparency/checkpoint.h"

namespace prooflode::cli {
namespace {

struct VerifyOptions {
  LogInputOptions input;
  std::string state;
  bool no_state = false;
};

// Where the newest checkpoint of this log is kept: one file for each log, in the user's folder for state.
StatusOr<std::string> StateFile(const VerifyOptions& options, const transparency::LogKeys& keys) {
  if (!options.state.empty()) return options.state;
  const char* xdg = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::string folder;
  if (xdg != nullptr && *xdg != '\0') {
    folder = xdg;
  } else if (home != nullptr && *home != '\0') {
    folder = absl::StrCat(home, "/.local");
    PL_RETURN_IF_ERROR(MakeDirectory(folder));
    folder += "/state";
  } else {
    return Usage(absl::InvalidArgumentError("--state: want a file, for there is no HOME"));
  }
  PL_RETURN_IF_ERROR(MakeDirectory(folder));
  folder += "/prooflode";
  PL_RETURN_IF_ERROR(MakeDirectory(folder));
  return absl::StrCat(folder, "/log-", HexEncode(keys.All().front().key).substr(0, 16), ".checkpoint");
}

StatusOr<std::string> KnownBefore(const std::string& path) {
  StatusOr<std::string> note = ReadFile(path, transparency::kNoteSizeMax);
  if (absl::IsNotFound(note.status())) return std::string();
  return note;
}

// Keeps the newest checkpoint, or, when the log contradicts it, both.
Status Remember(const std::string& path, const std::string& before, const LogInput& input,
                const transparency::AuditReport& report) {
  if (!report.findings.empty()) {
    if (before.empty() && input.checkpoint.empty()) return absl::OkStatus();
    const std::string evidence = path + ".fraud";
    PrintNote(absl::StrCat("what was signed is kept in ", evidence));
    return client::KeepContradiction(evidence, report.findings[0].fraud + ": " + report.findings[0].what,
                                     before, input.checkpoint);
  }
  const auto size = [&](const std::string& note) -> uint64_t {
    if (note.empty()) return 0;
    return input.keys->OpenLate(note)->checkpoint.head.size;
  };
  if (input.checkpoint.empty() || size(input.checkpoint) <= size(before)) return absl::OkStatus();
  return ReplaceFileDurably(path, AsBytes(input.checkpoint));
}

StatusOr<ExitCode> Verify(const VerifyOptions& options, Session& session) {
  transparency::AuditOptions audit_options;
  audit_options.history_only = true;
  transparency::LogAudit audit(audit_options);
  transparency::AuditReport report;
  const StatusOr<ExitCode> code = RunMarket([&]() -> Status {
    PL_ASSIGN_OR_RETURN(const LogInput input, FeedLog(options.input, session, audit));
    std::string path;
    std::string before;
    if (input.keys && !options.no_state) {
      PL_ASSIGN_OR_RETURN(path, StateFile(options, *input.keys));
      PL_ASSIGN_OR_RETURN(before, KnownBefore(path));
      if (!before.empty()) {
        PL_RETURN_IF_ERROR(
            FeedCheckpoint(before, absl::StrCat("the checkpoint kept in ", path), *input.keys, audit));
      }
    }
    report = audit.Finish();
    if (!path.empty()) PL_RETURN_IF_ERROR(Remember(path, before, input, report));
    return absl::OkStatus();
  });
  if (!code.ok() || *code != ExitCode::kOk) return code;
  if (options.input.market.json) {
    PrintJson(ToJson(report));
  } else {
    PrintLine(absl::StrCat("leaves:   ", report.log.size));
    PrintLine(absl::StrCat("root:     ", HexEncode(report.log.root)));
    PrintLine(absl::StrCat("signed:   ", report.signed_heads, " tree heads compared"));
    PrintFindings(report);
  }
  return report.findings.empty() ? ExitCode::kOk : ExitCode::kProtocol;
}

}  // namespace

void AddLog(CLI::App& app, Session& session) {
  CLI::App* log = app.add_subcommand("log", "A market's log: verify, cosign");
  log->require_subcommand(1);
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* verify = AddCommand(
      *log, session, "verify", "Hash the whole log and hold it against what was signed of it",
      "Example:\n  prooflode log verify --coordinator https://… --coordinator-key 0123…\n"
      "  prooflode log verify --log log.jsonl --checkpoint seen.checkpoint --coordinator-key 0123…\n"
      "Exit code 8: the log contradicts what its coordinator has signed. The checkpoints are kept.",
      [options, &session] { return Verify(*options, session); });
  AddLogInputFlags(*verify, options->input);
  verify->add_option(
      "--state", options->state,
      "File with the newest checkpoint that was verified (default: in ~/.local/state/prooflode)");
  AddCosign(*log, session);
  verify->add_flag("--no-state", options->no_state, "Neither read nor write one");
}

}  // namespace prooflode::cli
