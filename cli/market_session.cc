#include "cli/market_session.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/files.h"
#include "base/settings/settings.h"
#include "client/tls_files.h"
#include "client/transfer.h"

namespace prooflode::cli {
namespace {

constexpr Micros kRetryFor = Seconds(15);
constexpr char kRemotePayload[] = "prooflode/remote";
constexpr char kConfigurationPayload[] = "prooflode/configuration";

const char* Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr && *value != '\0' ? value : nullptr;  // an empty one gives nothing
}

// The settings of a market, bound to `values`, which must outlive them.
Settings SettingsOf(MarketOptions& values) {
  return Settings({
      TextSetting("coordinator", &values.coordinator, "URL of the coordinator"),
      TextSetting("key", &values.key, "Your key file"),
      PublicKeySetting("coordinator_key", &values.coordinator_key, "Public key the coordinator must have"),
      TextSetting("ca_file", &values.ca_file, "PEM roots to trust instead of the system's"),
      TextSetting("client_cert_file", &values.client_cert_file, "PEM certificate"),
      TextSetting("client_key_file", &values.client_key_file, "PEM key of that certificate"),
      FlagSetting("insecure", &values.insecure, "Allow http to other machines"),
  });
}

// Flags over variables over the file over defaults.
StatusOr<MarketOptions> Effective(const MarketOptions& flags) {
  MarketOptions values;
  values.coordinator = "http://127.0.0.1:7443";
  Settings settings = SettingsOf(values);
  const std::optional<std::string> file = SettingsFile(flags.config, Variable, "prooflode.toml");
  if (file) PL_RETURN_IF_ERROR(settings.LoadFile(*file));
  PL_RETURN_IF_ERROR(settings.LoadEnvironment(Variable));
  const std::pair<const char*, const std::string*> texts[] = {
      {"coordinator", &flags.coordinator},           {"key", &flags.key},
      {"coordinator_key", &flags.coordinator_key},   {"ca_file", &flags.ca_file},
      {"client_cert_file", &flags.client_cert_file}, {"client_key_file", &flags.client_key_file}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) PL_RETURN_IF_ERROR(settings.Set(name, *text, Settings::FlagName(name)));
  }
  values.insecure = values.insecure || flags.insecure;
  if (values.key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--key: want a key file, or PROOFLODE_KEY or the key of ",
                                                   file.value_or("prooflode.toml"), " to name one"));
  }
  return values;
}

ExitCode ExitFor(const Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (IsUsage(status)) return ExitCode::kUsage;
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

// Names of the protocol as the command line has them: "JOB_STATE_OPEN" is "open", "`again`" is "--again".
std::string InWords(std::string message) {
  constexpr std::string_view kState = "JOB_STATE_";
  for (size_t at = message.find(kState); at != std::string::npos; at = message.find(kState, at)) {
    message.erase(at, kState.size());
    for (size_t i = at; i < message.size() && std::isupper(static_cast<unsigned char>(message[i])); ++i) {
      message[i] = absl::ascii_tolower(static_cast<unsigned char>(message[i]));
    }
  }
  return absl::StrReplaceAll(message, {{"`again`", "--again"}});
}

// No network yet: what fails here are the settings.
StatusOr<std::unique_ptr<Market>> MakeMarket(const MarketOptions& flags, v1::Role role, Session& session) {
  PL_ASSIGN_OR_RETURN(const MarketOptions values, Effective(flags));
  client::ConnectionOptions connection;
  connection.channel.url = values.coordinator;
  connection.channel.insecure = values.insecure;
  connection.role = role;
  connection.retry_for = kRetryFor;
  PL_RETURN_IF_ERROR(client::LoadTlsFiles({values.ca_file, values.client_cert_file, values.client_key_file},
                                          connection.channel));
  if (!values.coordinator_key.empty()) connection.coordinator_key = DigestFromHex(values.coordinator_key);
  PL_ASSIGN_OR_RETURN(SigningKey key, LoadSigningKey(values.key));
  auto market = std::make_unique<Market>(std::move(key));
  PL_ASSIGN_OR_RETURN(market->connection,
                      client::Connection::Create(connection, market->key, session.clock, session.random));
  return market;
}

}  // namespace

void AddMarketFlags(CLI::App& command, MarketOptions& options) {
  // Several commands share one set of options, and CLI11 would let the variables of those that were not
  // chosen win over the chosen one's flags: OpenMarket looks them up instead.
  command.add_option("--config", options.config,
                     "TOML file of these settings (default: prooflode.toml in ~/.config/prooflode or "
                     "/etc/prooflode)");
  command.add_option("--coordinator", options.coordinator,
                     "URL of the coordinator (PROOFLODE_COORDINATOR; http://127.0.0.1:7443)");
  command.add_option("--key", options.key, "Your key file, see `prooflode key gen` (PROOFLODE_KEY)");
  command
      .add_option("--coordinator-key", options.coordinator_key,
                  "Public key the coordinator must have (PROOFLODE_COORDINATOR_KEY)")
      ->check(Understood(ParseKeyText));
  command.add_option("--ca-file", options.ca_file,
                     "PEM roots to trust instead of the system's (PROOFLODE_CA_FILE)");
  command.add_option("--client-cert-file", options.client_cert_file,
                     "PEM certificate for coordinators that ask for one (PROOFLODE_CLIENT_CERT_FILE)");
  command.add_option("--client-key-file", options.client_key_file,
                     "PEM key of that certificate (PROOFLODE_CLIENT_KEY_FILE)");
  command.add_flag("--insecure", options.insecure, "Allow http to other machines (PROOFLODE_INSECURE)");
  AddJsonFlag(command, options.json);
}

std::string Market::AmountText(uint64_t units) const {
  const std::string number =
      FormatAmount(Amount{units}, std::min<uint32_t>(asset.decimals(), kAssetDecimalsMax));
  return asset.name().empty() ? number : number + " " + asset.name();
}

StatusOr<std::vector<std::string>> MarketFiles(const MarketOptions& flags) {
  const StatusOr<MarketOptions> values = Effective(flags);
  if (!values.ok()) return Mark(values.status(), kConfigurationPayload);
  return std::vector<std::string>{SettingsFile(flags.config, Variable, "prooflode.toml").value_or(""),
                                  values->key, values->ca_file, values->client_cert_file,
                                  values->client_key_file};
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

Status Remote(const Status& status, const std::string& about) {
  const bool refused = !status.ok() && !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status) &&
                       !client::IsLoginFailure(status);
  if (about.empty() || !refused) return Mark(status, kRemotePayload);
  Status named = Annotate(status, about);
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { named.SetPayload(type, payload); });
  return Mark(named, kRemotePayload);
}

Status InAmounts(const Status& status, const Market& market) {
  constexpr absl::string_view kWant = ", want at least ";
  const absl::string_view message = status.message();
  const size_t want = message.rfind(kWant);
  const size_t colon = want == absl::string_view::npos ? want : message.rfind(": ", want);
  if (!absl::StartsWith(message, "balance") || colon == absl::string_view::npos) return status;
  const absl::string_view needed = message.substr(want + kWant.size());
  const size_t digits = std::min(needed.find_first_not_of("0123456789"), needed.size());
  uint64_t have = 0, need = 0;
  if (!absl::SimpleAtoi(message.substr(colon + 2, want - colon - 2), &have) ||
      !absl::SimpleAtoi(needed.substr(0, digits), &need)) {
    return status;
  }
  Status told(status.code(), absl::StrCat("you have ", market.AmountText(have), ", this needs ",
                                          market.AmountText(need), needed.substr(digits)));
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { told.SetPayload(type, payload); });
  return told;
}

StatusOr<std::string> UploadFile(Market& market, const std::string& path, v1::ArtifactKind kind) {
  PL_RETURN_IF_ERROR(OpenForReading(path).status());
  const auto uploaded = client::Upload(*market.connection, path, kind);
  PL_RETURN_IF_ERROR(Remote(uploaded.status(), path));
  return std::string(AsChars(uploaded->digest));
}

StatusOr<ExitCode> RunMarket(const std::function<Status()>& body) {
  const Status status = body();
  if (status.ok()) return ExitCode::kOk;
  std::string message = InWords(std::string(status.message()));
  if (client::IsOutcomeUnknown(status)) message += " (it may have happened nevertheless)";
  if (const v1::Reason reason = client::ReasonOf(status); reason != v1::REASON_UNSPECIFIED) {
    message += absl::StrCat(" [", v1::Reason_Name(reason), "]");
  }
  PrintError(message);
  return ExitFor(status);
}

StatusOr<Amount> ParseMarketAmount(const std::string& text, const Market& market) {
  const auto amount = ParseAmount(text, std::min(market.asset.decimals(), kAssetDecimalsMax));
  PL_RETURN_IF_ERROR(Usage(amount.status()));
  return *amount;
}

StatusOr<Amount> ParseAmountForm(const std::string& text) {
  const size_t point = text.find('.');
  const size_t decimals = point == std::string::npos ? 0 : text.size() - point - 1;
  return ParseAmount(text, static_cast<uint32_t>(std::min<size_t>(decimals, kAssetDecimalsMax)));
}

StatusOr<std::string> ParseReference(const std::string& text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (printable && !text.empty() && text.size() <= 128) return text;
  return absl::InvalidArgumentError("want 1 to 128 printable ASCII characters");
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
    return absl::InvalidArgumentError(absl::StrCat("duration \"", text, "\": want above 0, at most 8760h"));
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
