#include "cli/market_session.h"

#include <cstdlib>
#include <ctime>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/files.h"

namespace prooflode::cli {
namespace {

constexpr uint64_t kPemBytesMax = 1 << 20;
constexpr Micros kRetryFor = Seconds(15);
constexpr char kRemotePayload[] = "prooflode/remote";

std::string Given(const std::string& flag, const char* variable, const char* otherwise) {
  if (!flag.empty()) return flag;
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

ExitCode ExitFor(const Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (!status.GetPayload(kRemotePayload)) return ExitCode::kError;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnreachable;
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return ExitCode::kProtocol;
    default:
      return ExitCode::kRefused;
  }
}

}  // namespace

void AddMarketFlags(CLI::App& command, MarketOptions& options) {
  // Several commands share one set of options, and CLI11 would let the variables of those that were not
  // chosen win over the chosen one's flags: OpenMarket looks them up instead.
  command.add_option("--coordinator", options.coordinator,
                     "URL of the coordinator (PROOFLODE_COORDINATOR; http://127.0.0.1:7443)");
  command.add_option("--key", options.key, "Your key file, see `prooflode key gen` (PROOFLODE_KEY)");
  command.add_option("--coordinator-key", options.coordinator_key,
                     "Public key the coordinator must have (PROOFLODE_COORDINATOR_KEY)");
  command.add_option("--ca-file", options.ca_file,
                     "PEM roots to trust instead of the system's (PROOFLODE_CA_FILE)");
  command.add_flag("--insecure", options.insecure, "Allow http to other machines");
  AddJsonFlag(command, options.json);
}

std::string Market::AmountText(uint64_t units) const {
  const std::string number =
      FormatAmount(Amount{units}, std::min<uint32_t>(asset.decimals(), kAssetDecimalsMax));
  return asset.name().empty() ? number : number + " " + asset.name();
}

StatusOr<std::unique_ptr<Market>> OpenMarket(const MarketOptions& flags, v1::Role role, Session& session) {
  MarketOptions options = flags;
  options.coordinator = Given(flags.coordinator, "PROOFLODE_COORDINATOR", "http://127.0.0.1:7443");
  options.key = Given(flags.key, "PROOFLODE_KEY", "");
  options.coordinator_key = Given(flags.coordinator_key, "PROOFLODE_COORDINATOR_KEY", "");
  options.ca_file = Given(flags.ca_file, "PROOFLODE_CA_FILE", "");
  if (options.key.empty()) {
    return absl::InvalidArgumentError("--key: want a key file, or PROOFLODE_KEY to name one");
  }
  client::ConnectionOptions connection;
  connection.channel.url = options.coordinator;
  connection.channel.insecure = options.insecure;
  connection.role = role;
  connection.retry_for = kRetryFor;
  if (!options.ca_file.empty()) {
    PL_ASSIGN_OR_RETURN(connection.channel.ca_pem, ReadFile(options.ca_file, kPemBytesMax));
  }
  if (!options.coordinator_key.empty()) {
    connection.coordinator_key = DigestFromHex(options.coordinator_key);
    if (!connection.coordinator_key) {
      return absl::InvalidArgumentError("--coordinator-key: want 64 hexadecimal digits");
    }
  }
  PL_ASSIGN_OR_RETURN(SigningKey key, LoadSigningKey(options.key));
  auto market = std::make_unique<Market>(std::move(key));
  PL_ASSIGN_OR_RETURN(market->connection,
                      client::Connection::Create(connection, market->key, session.clock, session.random));
  market->client = std::make_unique<client::MarketClient>(*market->connection);
  const auto about = market->connection->Market();
  PL_RETURN_IF_ERROR(Remote(about.status()));
  market->asset = about->asset();
  return market;
}

Status Remote(const Status& status) {
  Status marked = status;
  if (!marked.ok()) marked.SetPayload(kRemotePayload, absl::Cord("1"));
  return marked;
}

StatusOr<ExitCode> RunMarket(const std::function<Status()>& body) {
  const Status status = body();
  if (status.ok()) return ExitCode::kOk;
  std::string message(status.message());
  if (client::IsOutcomeUnknown(status)) message += " (it may have happened nevertheless)";
  if (const v1::Reason reason = client::ReasonOf(status); reason != v1::REASON_UNSPECIFIED) {
    message += absl::StrCat(" [", v1::Reason_Name(reason), "]");
  }
  PrintError(message);
  return ExitFor(status);
}

StatusOr<Micros> ParseDuration(const std::string& text) {
  struct Unit {
    const char* suffix;
    int64_t us;
  };
  constexpr Unit kUnits[] = {{"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}};
  constexpr int64_t kMost = int64_t{365} * 24 * 3'600'000'000;
  for (const Unit& unit : kUnits) {
    absl::string_view number = text;
    int64_t count = 0;
    if (!absl::ConsumeSuffix(&number, unit.suffix) || !absl::SimpleAtoi(number, &count)) continue;
    if (count > 0 && count <= kMost / unit.us) return Micros{count * unit.us};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("duration \"", text, "\": want a number and ms, s, m or h, like 90s"));
}

StatusOr<std::string> ParseJobId(const std::string& text) {
  const auto bytes = HexDecode(text);
  if (bytes && bytes->size() == 16) return *bytes;
  return absl::InvalidArgumentError(absl::StrCat("job \"", text, "\": want 32 hexadecimal digits"));
}

StatusOr<std::string> ParseKeyText(const std::string& text) {
  const auto bytes = HexDecode(text);
  if (bytes && bytes->size() == 32) return *bytes;
  return absl::InvalidArgumentError(absl::StrCat("key \"", text, "\": want 64 hexadecimal digits"));
}

std::string TimeText(int64_t time_us) {
  if (time_us <= 0) return "-";
  const time_t seconds = static_cast<time_t>(time_us / 1'000'000);
  tm parts{};
  char text[32];
  if (gmtime_r(&seconds, &parts) == nullptr || strftime(text, sizeof(text), "%F %TZ", &parts) == 0)
    return "-";
  return text;
}

}  // namespace prooflode::cli
