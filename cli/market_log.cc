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

// Where the newest checkpoint of this log is kept: in the user's folder for state, a file for each key. Those
// of all keys of the log are read, so that no key that somebody puts before or behind hides one; the last is
// written.
StatusOr<std::vector<std::string>> StateFiles(const VerifyOptions& options,
                                              const transparency::LogKeys& keys) {
  if (!options.state.empty()) return std::vector{options.state};
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
  std::vector<std::string> paths;
  for (const transparency::NoteKey& key : keys.All()) {
    paths.push_back(absl::StrCat(folder, "/log-", HexEncode(key.key).substr(0, 16), ".checkpoint"));
  }
  return paths;
}

StatusOr<std::string> KnownBefore(const std::string& path) {
  StatusOr<std::string> note = ReadFile(path, transparency::kNoteSizeMax);
  if (absl::IsNotFound(note.status())) return std::string();
  return note;
}

// Leaves of a note that was opened before; 0 without one.
uint64_t SizeOf(const std::string& note, const transparency::LogKeys& keys) {
  return note.empty() ? 0 : keys.OpenLate(note)->checkpoint.head.size;
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
  if (SizeOf(input.checkpoint, *input.keys) <= SizeOf(before, *input.keys)) return absl::OkStatus();
  return ReplaceFileDurably(path, AsBytes(input.checkpoint));
}

StatusOr<ExitCode> Verify(const VerifyOptions& options, Session& session) {
  transparency::AuditOptions audit_options;
  audit_options.history_only = true;
  transparency::LogAudit audit(audit_options);
  transparency::AuditReport report;
  const StatusOr<ExitCode> code = RunMarket([&]() -> Status {
    PL_ASSIGN_OR_RETURN(const LogInput input, FeedLog(options.input, session, audit));
    std::vector<std::string> paths;
    std::string before;
    if (input.keys && !options.no_state) {
      PL_ASSIGN_OR_RETURN(paths, StateFiles(options, *input.keys));
    }
    for (const std::string& path : paths) {
      PL_ASSIGN_OR_RETURN(const std::string kept, KnownBefore(path));
      if (kept.empty()) continue;
      const std::string source = absl::StrCat("the checkpoint kept in ", path);
      PL_RETURN_IF_ERROR(FeedCheckpoint(kept, source, *input.keys, audit));
      if (SizeOf(kept, *input.keys) >= SizeOf(before, *input.keys)) before = kept;
    }
    report = audit.Finish();
    if (!paths.empty()) PL_RETURN_IF_ERROR(Remember(paths.back(), before, input, report));
    return absl::OkStatus();
  });
  if (!code.ok() || *code != ExitCode::kOk) return code;
  if (options.input.market.json) {
    PrintJson(ToJson(report, options.input));
  } else {
    PrintLine(absl::StrCat("leaves:   ", report.log.size));
    PrintLine(absl::StrCat("root:     ", HexEncode(report.log.root)));
    PrintLine(absl::StrCat("signed:   ", report.signed_heads, " tree heads compared"));
    PrintFindings(report);
  }
  return ExitFor(report, options.input);
}

}  // namespace

void AddLog(CLI::App& app, Session& session) {
  CLI::App* log = app.add_subcommand("log", "A market's log: verify, cosign");
  log->require_subcommand(1);
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* verify = AddCommand(
      *log, session, "verify", "Hash the whole log and hold it against what was signed of it",
      "Example:\n  prooflode log verify --coordinator https://… --coordinator-key 0123… --key my.key\n"
      "  prooflode log verify --log log.jsonl --checkpoint seen.checkpoint --coordinator-key 0123…\n"
      "Exit code 8: the log contradicts what its coordinator has signed. The checkpoints are kept.\n"
      "Exit code 2: nothing signed was at hand to hold it against, see --unsigned.",
      [options, &session] { return Verify(*options, session); });
  AddLogInputFlags(*verify, options->input);
  verify->add_option(
      "--state", options->state,
      "File with the newest checkpoint that was verified (default: in ~/.local/state/prooflode)");
  AddCosign(*log, session);
  verify->add_flag("--no-state", options->no_state, "Neither read nor write one");
}

}  // namespace prooflode::cli
