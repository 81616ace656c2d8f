// What every market command shares: where the coordinator is, whose key signs, how its errors become exit
// codes.
#pragma once

#include <memory>
#include <string>

#include "base/amount_text.h"
#include "base/crypto.h"
#include "cli/session.h"
#include "client/market_client.h"
#include "prooflode/v1/artifact_service.pb.h"

namespace prooflode::cli {

// Empty texts are looked up in PROOFLODE_ variables by OpenMarket.
struct MarketOptions {
  std::string coordinator;
  std::string key;
  std::string coordinator_key;
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  bool insecure = false;
  bool json = false;
};

// Adds --coordinator, --key and the like with their PROOFLODE_ variables, and --json.
void AddMarketFlags(CLI::App& command, MarketOptions& options);

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
// kError in ExitFor.
Status Remote(const Status& status);

// Uploads a file; its digest. A file that cannot be read is our error, everything else the coordinator's.
StatusOr<std::string> UploadFile(Market& market, const std::string& path, v1::ArtifactKind kind);

// Runs `body` and prints what went wrong; exit codes as Remote marked them.
StatusOr<ExitCode> RunMarket(const std::function<Status()>& body);

// "90s", "1500ms", "5m", "2h"; more than zero.
StatusOr<Micros> ParseDuration(const std::string& text);
// 16 bytes from 32 hexadecimal digits.
StatusOr<std::string> ParseJobId(const std::string& text);
// 32 bytes from 64 hexadecimal digits.
StatusOr<std::string> ParseKeyText(const std::string& text);

// "2026-11-22 10:05:00Z"; "-" for zero.
std::string TimeText(int64_t time_us);

}  // namespace prooflode::cli
