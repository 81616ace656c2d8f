// What every market command shares: where the coordinator is, whose key signs, how its errors become exit
// codes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/amount_text.h"
#include "base/crypto.h"
#include "cli/session.h"
#include "client/market_client.h"
#include "prooflode/v1/artifact_service.pb.h"

namespace prooflode::cli {

// What the flags said. OpenMarket looks up what is empty in PROOFLODE_ variables, then in a TOML file.
struct MarketOptions {
  std::string config;
  std::string coordinator;
  std::string key;
  std::string coordinator_key;
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  bool insecure = false;
  bool json = false;
};

// Adds --config, --coordinator, --key and the like with their PROOFLODE_ variables, and --json.
void AddMarketFlags(CLI::App& command, MarketOptions& options);

// What --limit takes.
inline constexpr uint32_t kListMax = 1'000'000;

// The files that a command with these flags reads (settings, keys, certificates), for CheckOutputs; errors as
// OpenMarket's.
StatusOr<std::vector<std::string>> MarketFiles(const MarketOptions& options);

// A connection with its key. Not copied or moved: the connection refers to the key.
struct Market {
  explicit Market(SigningKey signing_key) : key(std::move(signing_key)) {}
  SigningKey key;
  std::unique_ptr<client::Connection> connection;
  std::unique_ptr<client::MarketClient> client;
  v1::Asset asset;

  std::string AmountText(uint64_t units) const;
};

// Connects and logs in. Errors are printed already; the exit code says of which kind they are.
StatusOr<std::unique_ptr<Market>> OpenMarket(const MarketOptions& options, v1::Role role, Session& session);

// Marks an error as the coordinator's, or of the way there: kUnreachable, kRefused or kProtocol rather than
// kError in ExitFor. A refusal names `about`, what was asked for, unless that is empty.
Status Remote(const Status& status, const std::string& about = "");

// The same refusal for want of money ("balance: 100, want at least 250"), in the market's asset; any other
// status as it is.
Status InAmounts(const Status& status, const Market& market);

// Uploads a file; its digest. A file that cannot be read is our error, everything else the coordinator's.
StatusOr<std::string> UploadFile(Market& market, const std::string& path, v1::ArtifactKind kind);

// Runs `body` and prints what went wrong; exit codes as Remote marked them.
StatusOr<ExitCode> RunMarket(const std::function<Status()>& body);

// For options whose values `parse` has to understand: what it does not is a usage error.
template <typename T>
CLI::Validator Understood(StatusOr<T> (*parse)(const std::string&)) {
  const auto check = [parse](const std::string& text) {
    const StatusOr<T> parsed = parse(text);
    return parsed.ok() ? std::string() : std::string(parsed.status().message());
  };
  return CLI::Validator(check, "");
}

// "1.25" in the market's asset; Usage otherwise.
StatusOr<Amount> ParseMarketAmount(const std::string& text, const Market& market);
// Whether it is an amount in any asset.
StatusOr<Amount> ParseAmountForm(const std::string& text);
// 1 to 128 printable ASCII characters.
StatusOr<std::string> ParseReference(const std::string& text);
// "90s", "1500ms", "5m", "2h"; more than zero.
StatusOr<Micros> ParseDuration(const std::string& text);
// 16 bytes from 32 hexadecimal digits.
StatusOr<std::string> ParseJobId(const std::string& text);
// 32 bytes from 64 hexadecimal digits.
StatusOr<std::string> ParseKeyText(const std::string& text);

// "2026-11-22 10:05:00Z"; "-" for zero.
std::string TimeText(int64_t time_us);

}  // namespace prooflode::cli
