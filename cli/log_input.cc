#include "cli/log_input.h"

#include <algorithm>
#include <fstream>

#include "base/files.h"
#include "client/log_client.h"
#include "client/receipt_book.h"
#include "transparency/checkpoint.h"
#include "transparency/log_lines.h"

namespace prooflode::cli {
namespace {

using transparency::LogAudit;
using transparency::LogKeys;

constexpr uint32_t kPageLeaves = 1000;
constexpr uint32_t kSeenMost = 1000;
constexpr uint16_t kMarketField = 81;

// "FILE:7: …"
Status AtLine(const Status& status, const std::string& path, uint64_t line) {
  return Annotate(status, absl::StrCat(path, ":", line));
}

// The market's name, which the first leaf has.
std::string MarketOf(const std::string& first_leaf) {
  const auto leaf = transparency::DecodeLeaf(AsBytes(first_leaf));
  if (!leaf.ok()) return "";
  const auto name = leaf->fields.find(kMarketField);
  return name == leaf->fields.end() ? "" : name->second;
}

// Gives the name of the log's market.
StatusOr<std::string> FeedFile(const std::string& path, LogAudit& audit) {
  PL_RETURN_IF_ERROR(OpenForReading(path).status());
  std::ifstream in(path, std::ios::binary);
  std::string text, market;
  for (uint64_t line = 1; std::getline(in, text); ++line) {
    if (text.empty()) continue;
    const auto leaf = transparency::ParseLogLine(text);
    if (!leaf.ok()) return AtLine(leaf.status(), path, line);
    if (line == 1) market = MarketOf(leaf->leaf);
    audit.AddLeaf(leaf->leaf_index, leaf->leaf, leaf->said_hash, leaf->proof);
  }
  if (in.bad()) return absl::DataLossError(absl::StrCat(path, ": cannot be read to its end"));
  return market;
}

Status FeedLeaves(client::LogClient& log, LogAudit& audit) {
  uint64_t next = 0;
  uint64_t end = 1;
  while (next < end) {
    const auto page = log.ListLeaves(next, kPageLeaves);
    PL_RETURN_IF_ERROR(Remote(page.status()));
    end = page->tree_size();
    if (page->leaves_size() == 0) break;
    for (const std::string& leaf : page->leaves()) {
      const auto proof = page->proofs().find(next);
      const bool is_there = proof != page->proofs().end();
      audit.AddLeaf(next++, leaf, {}, is_there ? std::optional(proof->second) : std::nullopt);
    }
  }
  return absl::OkStatus();
}

// The keys that the log itself tells, where one of them is the one that was asked for: what a coordinator
// says of its keys beside the log, or leaves out, changes nothing about what they have signed.
StatusOr<LogKeys> KeysOf(const LogAudit& audit, const LogKeys& told) {
  std::optional<LogKeys> of_log = audit.keys();
  return of_log && of_log->Has(told.current().key) ? *std::move(of_log) : told;
}

// Evidence is fetched first: what was signed must be in the log that is read after it.
Status FeedCoordinator(const LogInputOptions& options, Session& session, LogAudit& audit, LogInput& input) {
  PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options.market, v1::ROLE_REQUESTER, session));
  const auto told = market->connection->Keys();
  PL_RETURN_IF_ERROR(Remote(told.status()));
  for (const transparency::NoteKey& key : told->All()) audit.ExpectKey(key.key);
  client::LogClient log(*market->connection);
  StatusOr<std::string> newest = log.GetCheckpoint(0);
  if (newest.ok()) {
    PL_RETURN_IF_ERROR(Remote(log.PutCheckpoint(*newest).status()));
  } else if (!absl::IsNotFound(newest.status())) {
    return Remote(newest.status());
  }
  const auto seen = log.ListSeenCheckpoints(kSeenMost);
  PL_RETURN_IF_ERROR(Remote(seen.status()));
  PL_RETURN_IF_ERROR(FeedLeaves(log, audit));
  PL_ASSIGN_OR_RETURN(input.keys, KeysOf(audit, *told));
  if (newest.ok()) {
    PL_RETURN_IF_ERROR(Remote(FeedCheckpoint(*newest, "the newest checkpoint", *input.keys, audit)));
    input.checkpoint = *std::move(newest);
  }
  for (const v1::SeenCheckpoint& item : seen->checkpoints()) {
    const std::string source =
        absl::StrCat("a checkpoint that ", HexEncode(AsBytes(item.seen_by())).substr(0, 16), "… was shown");
    PL_RETURN_IF_ERROR(Remote(FeedCheckpoint(item.checkpoint(), source, *input.keys, audit)));
  }
  return absl::OkStatus();
}

Status FeedFiles(const LogInputOptions& options, LogAudit& audit, LogInput& input) {
  PL_ASSIGN_OR_RETURN(const std::string market, FeedFile(options.log_file, audit));
  const char* variable = std::getenv("PROOFLODE_COORDINATOR_KEY");
  const std::string named = !options.market.coordinator_key.empty() ? options.market.coordinator_key
                            : variable != nullptr                   ? variable
                                                                    : "";
  if (const auto key = DigestFromHex(named)) {
    audit.ExpectKey(*key);
    PL_ASSIGN_OR_RETURN(const LogKeys told, LogKeys::Create(market, *key));
    PL_ASSIGN_OR_RETURN(input.keys, KeysOf(audit, told));
  } else if (!options.checkpoint_files.empty() || !options.receipts.empty()) {
    return Usage(absl::InvalidArgumentError(
        "--coordinator-key: checkpoints and receipts cannot be checked without the coordinator's key"));
  }
  return absl::OkStatus();
}

Status FeedReceipts(const LogInputOptions& options, LogAudit& audit, LogInput& input) {
  for (const std::string& path : options.receipts) {
    Status wrong;
    const Status read =
        client::ReadReceipts(path, [&](const transparency::Receipt& receipt, const std::string& where) {
          const transparency::LogKeys& keys = *input.keys;
          if (receipt.market != keys.market() || !keys.Has(receipt.coordinator)) {
            ++input.foreign_receipts;
            return;
          }
          const Status checked = transparency::CheckReceipt(receipt);
          if (!checked.ok()) return wrong.Update(Annotate(checked, where));
          audit.AddReceipt(receipt, "receipt " + where, keys.IsLate(receipt.coordinator, receipt.tree.size));
        });
    PL_RETURN_IF_ERROR(read);
    PL_RETURN_IF_ERROR(wrong);
  }
  return absl::OkStatus();
}

}  // namespace

void AddLogInputFlags(CLI::App& command, LogInputOptions& options) {
  command.add_option("--log", options.log_file,
                     "Exported log (`prooflode-coordinator export-log`): no network is used");
  command.add_option("--checkpoint", options.checkpoint_files,
                     "Signed checkpoint that the log must agree with; may be repeated");
  command.add_flag("--unsigned", options.unsigned_log,
                   "Accept a log that nothing signed is at hand for: leaves cut off its end are not seen");
  AddMarketFlags(command, options.market);
}

Status FeedCheckpoint(const std::string& note, const std::string& source, const LogKeys& keys,
                      LogAudit& audit) {
  const auto opened = keys.OpenLate(note);
  PL_RETURN_IF_ERROR(Annotate(opened.status(), source));
  const transparency::TreeHead& head = opened->checkpoint.head;
  audit.AddHead({head, source, keys.IsLate(opened->signer, head.size)});
  return absl::OkStatus();
}

StatusOr<LogInput> FeedLog(const LogInputOptions& options, Session& session, LogAudit& audit) {
  LogInput input;
  if (options.log_file.empty()) {
    PL_RETURN_IF_ERROR(FeedCoordinator(options, session, audit, input));
  } else {
    PL_RETURN_IF_ERROR(FeedFiles(options, audit, input));
  }
  uint64_t newest = 0;
  for (const std::string& path : options.checkpoint_files) {
    PL_ASSIGN_OR_RETURN(std::string note, ReadFile(path, transparency::kNoteSizeMax));
    PL_RETURN_IF_ERROR(FeedCheckpoint(note, "checkpoint " + path, *input.keys, audit));
    const uint64_t size = input.keys->OpenLate(note)->checkpoint.head.size;
    if (options.log_file.empty() || size < newest) continue;
    newest = size;
    input.checkpoint = std::move(note);
  }
  PL_RETURN_IF_ERROR(FeedReceipts(options, audit, input));
  return input;
}

void PrintFindings(const transparency::AuditReport& report) {
  for (const transparency::Finding& finding : report.findings) {
    std::string line = absl::StrCat("FRAUD ", finding.fraud, ": ", finding.what);
    if (finding.leaf) absl::StrAppend(&line, " (leaf ", *finding.leaf, ")");
    if (!finding.job.empty()) absl::StrAppend(&line, " (job ", finding.job, ")");
    PrintLine(line);
  }
  if (report.findings.empty()) PrintLine("no findings");
  if (report.signed_heads == 0) {
    PrintLine("NOT CHECKED against anything signed: pass --checkpoint or --receipts with --coordinator-key");
  }
}

ExitCode ExitFor(const transparency::AuditReport& report, const LogInputOptions& options) {
  if (!report.findings.empty()) return ExitCode::kProtocol;
  return report.signed_heads > 0 || options.unsigned_log ? ExitCode::kOk : ExitCode::kUsage;
}

Json ToJson(const transparency::AuditReport& report, const LogInputOptions& options) {
  Json json;
  json["ok"] = ExitFor(report, options) == ExitCode::kOk;
  json["checked"] = report.signed_heads > 0;
  json["leaves"] = report.log.size;
  json["root"] = HexEncode(report.log.root);
  json["signed_heads"] = report.signed_heads;
  json["findings"] = Json::array();
  for (const transparency::Finding& finding : report.findings) {
    Json item;
    item["fraud"] = finding.fraud;
    item["what"] = finding.what;
    if (finding.leaf) item["leaf"] = *finding.leaf;
    if (!finding.job.empty()) item["job_id"] = finding.job;
    json["findings"].push_back(item);
  }
  return json;
}

}  // namespace prooflode::cli
