// Where an audit takes leaves and evidence from: a coordinator, or files without any network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/market_session.h"
#include "transparency/audit.h"
#include "transparency/log_keys.h"

namespace prooflode::cli {

struct LogInputOptions {
  MarketOptions market;
  std::string log_file;  // empty: ask the coordinator
  std::vector<std::string> checkpoint_files;
  std::vector<std::string> receipts;  // files or folders
  bool unsigned_log = false;          // a log that nothing signed was held against is no error
};

void AddLogInputFlags(CLI::App& command, LogInputOptions& options);

// What was read beside the leaves.
struct LogInput {
  std::optional<transparency::LogKeys> keys;  // the log's; absent offline where none was named
  std::string checkpoint;                     // the newest signed note that was read; empty without one
  uint64_t foreign_receipts = 0;              // of other markets or coordinators: passed over
};

// Feeds everything into `audit`. Marked errors, as Remote and Usage do: evidence that is not what it should
// be (a signature that is not the log's) is an error, for it shows nothing.
StatusOr<LogInput> FeedLog(const LogInputOptions& options, Session& session, transparency::LogAudit& audit);

// Adds a checkpoint's head, once its signature is checked.
Status FeedCheckpoint(const std::string& note, const std::string& source, const transparency::LogKeys& keys,
                      transparency::LogAudit& audit);

// Findings, one a line, or "no findings", and loudly that nothing signed was compared where that is so.
void PrintFindings(const transparency::AuditReport& report);
// `checked` is whether anything signed was compared; without, `ok` is true for --unsigned alone.
Json ToJson(const transparency::AuditReport& report, const LogInputOptions& options);
// kProtocol for findings, kUsage where nothing signed was compared and --unsigned not said.
ExitCode ExitFor(const transparency::AuditReport& report, const LogInputOptions& options);

}  // namespace prooflode::cli
