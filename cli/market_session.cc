#include "cli/market_session.h"

#include <cstdlib>
#include <ctime>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/files.h"
#include "client/tls_files.h"
#include "client/transfer.h"

namespace prooflode::cli {
namespace {

constexpr Micros kRetryFor = Seconds(15);
constexpr char kRemotePayload[] = "prooflode/remote";
constexpr char kConfigurationPayload[] = "prooflode/configuration";

std::string Given(const std::string& flag, const char* variable, const char* otherwise) {
  if (!flag.empty()) return flag;
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

ExitCode ExitFor(const Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (status.GetPayload(kConfigurationPayload)) return ExitCode::kBadConfiguration;
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

Status Mark(Status status, const char* payload) {
  if (!status.ok()) status.SetPayload(payload, absl::Cord("1"));
  return status;
}

// No network yet: what fails here are the flags and variables.
StatusOr<std::unique_ptr<Market>> MakeMarket(const MarketOptions& flags, v1::Role role, Session& session) {
  client::ConnectionOptions connection;
  connection.channel.url = Given(flags.coordinator, "PROOFLODE_COORDINATOR", "http://127.0.0.1:7443");
  connection.channel.insecure = flags.insecure;
  connection.role = role;
  connection.retry_for = kRetryFor;
  PL_RETURN_IF_ERROR(client::LoadTlsFiles({Given(flags.ca_file, "PROOFLODE_CA_FILE", ""),
                                           Given(flags.client_cert_file, "PROOFLODE_CLIENT_CERT_FILE", ""),
                                           Given(flags.client_key_file, "PROOFLODE_CLIENT_KEY_FILE", "")},
                                          connection.channel));
  const std::string pinned = Given(flags.coordinator_key, "PROOFLODE_COORDINATOR_KEY", "");
  if (!pinned.empty()) {
    connection.coordinator_key = DigestFromHex(pinned);
    if (!connection.coordinator_key) {
      return absl::InvalidArgumentError("--coordinator-key: want 64 hexadecimal digits");
    }
  }
  const std::string key_file = Given(flags.key, "PROOFLODE_KEY", "");
  if (key_file.empty()) {
    return absl::InvalidArgumentError("--key: want a key file, or PROOFLODE_KEY to name one");
  }
  PL_ASSIGN_OR_RETURN(SigningKey key, LoadSigningKey(key_file));
  auto market = std::make_unique<Market>(std::move(key));
  PL_ASSIGN_OR_RETURN(market->connection,
                      client::Connection::Create(connection, market->key, session.clock, session.random));
  return market;
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
  command.add_option("--client-cert-file", options.client_cert_file,
                     "PEM certificate for coordinators that ask for one (PROOFLODE_CLIENT_CERT_FILE)");
  command.add_option("--client-key-file", options.client_key_file,
                     "PEM key of that certificate (PROOFLODE_CLIENT_KEY_FILE)");
  command.add_flag("--insecure", options.insecure, "Allow http to other machines");
  AddJsonFlag(command, options.json);
}

std::string Market::AmountText(uint64_t units) const {
  const std::string number =
      FormatAmount(Amount{units}, std::min<uint32_t>(asset.decimals(), kAssetDecimalsMax));
  return asset.name().empty() ? number : number + " " + asset.name();
}

StatusOr<std::unique_ptr<Market>> OpenMarket(const MarketOptions& flags, v1::Role role, Session& session) {
  StatusOr<std::unique_ptr<Market>> made = MakeMarket(flags, role, session);
  if (!made.ok()) return Mark(made.status(), kConfigurationPayload);
  std::unique_ptr<Market> market = *std::move(made);
  market->client = std::make_unique<client::MarketClient>(*market->connection);
  const auto about = market->connection->Market();
  PL_RETURN_IF_ERROR(Remote(about.status()));
  market->asset = about->asset();
  return market;
}

Status Remote(const Status& status) { return Mark(status, kRemotePayload); }

StatusOr<std::string> UploadFile(Market& market, const std::string& path, v1::ArtifactKind kind) {
  PL_RETURN_IF_ERROR(OpenForReading(path).status());
  const auto uploaded = client::Upload(*market.connection, path, kind);
  PL_RETURN_IF_ERROR(Remote(uploaded.status()));
  return std::string(AsChars(uploaded->digest));
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
