#include "miner/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/bytes.h"
#include "base/files.h"

namespace prooflode::miner {
namespace {

constexpr uint64_t kConfigBytesMax = 1 << 20;

template <typename Member>
Setting Text(const char* name, Member member, const char* help, std::vector<std::string> allowed = {},
             const char* wanted = "text") {
  return {name,
          help,
          [member, allowed](Config& c, const std::string& text) {
            if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
              return false;
            }
            member(c) = text;
            return true;
          },
          [member](const Config& c) { return member(const_cast<Config&>(c)); },
          wanted,
          true};
}

template <typename Member>
Setting Number(const char* name, Member member, const char* help, uint64_t least, uint64_t most,
               const char* wanted) {
  return {name, help,
          [member, least, most](Config& c, const std::string& text) {
            uint64_t value = 0;
            if (text.empty() || text[0] == '+' || !absl::SimpleAtoi(text, &value)) return false;
            if (value < least || value > most) return false;
            member(c) = value;
            return true;
          },
          [member](const Config& c) { return absl::StrCat(member(const_cast<Config&>(c))); }, wanted};
}

std::vector<Setting> MakeSettings() {
  const auto key_text = [](Config& c, const std::string& text) {
    if (!text.empty() && !DigestFromHex(text)) return false;
    c.coordinator_key = text;
    return true;
  };
  const auto flag = [](Config& c, const std::string& text) {
    c.insecure = text == "true";
    return text == "true" || text == "false";
  };
#define PL_AT(field) \
  [](Config & c) -> auto& { return c.field; }
  return {
      Text("coordinator", PL_AT(coordinator), "URL of the coordinator"),
      {"coordinator_key", "Public key that the coordinator must have, in hexadecimal", key_text,
       [](const Config& c) { return c.coordinator_key; }, "64 hexadecimal digits, or nothing", true},
      Text("ca_file", PL_AT(ca_file), "PEM file of the roots to trust instead of the system's"),
      Text("client_cert_file", PL_AT(client_cert_file), "PEM certificate for coordinators that ask for one"),
      Text("client_key_file", PL_AT(client_key_file), "PEM key of that certificate"),
      {"insecure", "Allow http to other machines: tokens and witnesses travel in the clear", flag,
       [](const Config& c) { return std::string(c.insecure ? "true" : "false"); }, "true or false"},
      Text("key", PL_AT(key), "Key file of this miner; made at the first start (default: DATA/miner.key)"),
      Text("data", PL_AT(data), "Folder for key, cache and journal"),
      Text("http", PL_AT(http), "HOST:PORT of metrics and status, or empty for none"),
      Text("log.format", PL_AT(log_format), "text or json", {"text", "json"}, "text or json"),
      Text("log.level", PL_AT(log_level), "debug, info, warning or error",
           {"debug", "info", "warning", "error"}, "debug, info, warning or error"),
      Text("device.kind", PL_AT(device.kind), "What proves: cpu", {"cpu"}, "cpu"),
      Number("device.threads", PL_AT(device.threads), "Threads of the worker; 0 for every usable processor",
             0, 1024, "an integer from 0 to 1024"),
      Number("device.key_memory_mb", PL_AT(device.key_memory_mb),
             "Memory for keys that are kept warm; 0 for a quarter of the machine's", 0, 1 << 24,
             "an integer from 0 to 16777216"),
      Number("work.reward_min_units", PL_AT(work.reward_min_units), "Jobs that pay less are skipped", 0,
             ~uint64_t{0}, "an integer"),
      Number("work.memory_mb", PL_AT(work.memory_mb),
             "What one proof may need; 0 for three quarters of the machine's memory", 0, 1 << 24,
             "an integer from 0 to 16777216"),
      Number("work.offers_max", PL_AT(work.offers_max), "Offers looked at at a time", 1, 1000,
             "an integer from 1 to 1000"),
      Number("work.deadline_margin_percent", PL_AT(work.deadline_margin_percent),
             "Predicted time is held to the deadline with this margin", 100, 1000,
             "an integer from 100 to 1000"),
      Number("work.failures_max", PL_AT(work.failures_max), "Failures in a row until no work is taken", 1,
             1000, "an integer from 1 to 1000"),
      Number("work.breaker_pause_s", PL_AT(work.breaker_pause_s), "How long no work is taken then", 1, 86'400,
             "an integer from 1 to 86400"),
      Number("work.stop_timeout_s", PL_AT(work.stop_timeout_s), "How long a stop waits for proofs", 0, 86'400,
             "an integer from 0 to 86400"),
      Number("cache.quota_mb", PL_AT(cache_quota_mb), "Disk space for keys and witnesses", 1, 1 << 30,
             "an integer from 1 to 1073741824"),
  };
#undef PL_AT
}

const Setting* FindSetting(const std::string& name) {
  for (const Setting& setting : Settings()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

Status Apply(LoadedConfig& loaded, const Setting& setting, const std::string& text,
             const std::string& origin) {
  if (!setting.set(loaded.config, text)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %s is \"%s\", want %s", origin, setting.name, text, setting.wanted));
  }
  loaded.origins[setting.name] = origin;
  return absl::OkStatus();
}

// The setting that an unknown name was perhaps meant to be: same letters but for case, '-' and '_'.
std::string DidYouMean(const std::string& name) {
  const std::string leaf = name.substr(name.rfind('.') + 1);
  for (const Setting& setting : Settings()) {
    const std::string known = setting.name;
    const std::string known_leaf = known.substr(known.rfind('.') + 1);
    if (known_leaf == leaf || known_leaf.find(leaf) == 0 || leaf.find(known_leaf) == 0) {
      return absl::StrCat("; did you mean ", known, "?");
    }
  }
  return "";
}

Status ApplyTable(LoadedConfig& loaded, const toml::table& table, const std::string& prefix,
                  const std::string& path) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    const std::string where = absl::StrCat(path, ":", node.source().begin.line);
    if (const toml::table* inner = node.as_table(); inner != nullptr && prefix.empty()) {
      PL_RETURN_IF_ERROR(ApplyTable(loaded, *inner, name + ".", path));
      continue;
    }
    const Setting* setting = FindSetting(name);
    if (setting == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": unknown setting ", name, DidYouMean(name)));
    }
    std::string text;
    if (const auto* s = node.as_string(); s != nullptr && setting->quoted) {
      text = s->get();
    } else if (const auto* i = node.as_integer(); i != nullptr && !setting->quoted) {
      text = absl::StrCat(i->get());
    } else if (const auto* b = node.as_boolean(); b != nullptr && !setting->quoted) {
      text = b->get() ? "true" : "false";
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": ", name, " is of the wrong type, want ", setting->wanted));
    }
    PL_RETURN_IF_ERROR(Apply(loaded, *setting, text, where));
  }
  return absl::OkStatus();
}

Status ApplyFile(LoadedConfig& loaded, const std::string& path) {
  PL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kConfigBytesMax));
  try {  // toml++ throws.
    return ApplyTable(loaded, toml::parse(text, path), "", path);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.source().begin.line, ": ", Sv(error.description())));
  }
}

}  // namespace

const std::vector<Setting>& Settings() {
  static const auto* const settings = new std::vector<Setting>(MakeSettings());
  return *settings;
}

std::string EnvironmentName(const std::string& setting) {
  std::string name = absl::StrCat("PROOFLODE_", absl::StrReplaceAll(setting, {{".", "_"}}));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

std::string FlagName(const std::string& setting) {
  return absl::StrCat("--", absl::StrReplaceAll(setting, {{".", "-"}, {"_", "-"}}));
}

StatusOr<LoadedConfig> LoadConfig(const ConfigSources& sources) {
  LoadedConfig loaded;
  for (const Setting& setting : Settings()) loaded.origins[setting.name] = "default";
  if (sources.file) PL_RETURN_IF_ERROR(ApplyFile(loaded, *sources.file));
  for (const Setting& setting : Settings()) {
    const std::string name = EnvironmentName(setting.name);
    const char* value = sources.environment ? sources.environment(name) : nullptr;
    if (value != nullptr) PL_RETURN_IF_ERROR(Apply(loaded, setting, value, name));
  }
  for (const auto& [name, value] : sources.flags) {
    const Setting* setting = FindSetting(name);
    if (setting == nullptr) return absl::InvalidArgumentError(absl::StrCat("unknown setting ", name));
    PL_RETURN_IF_ERROR(Apply(loaded, *setting, value, FlagName(name)));
  }
  if (loaded.config.data.empty()) {
    const auto variable = [&](const char* name) {
      const char* value = sources.environment ? sources.environment(name) : nullptr;
      return std::string(value == nullptr ? "" : value);
    };
    const std::string state = variable("STATE_DIRECTORY");
    const std::string home = variable("HOME");
    if (state.empty() && home.empty()) {
      return absl::InvalidArgumentError("data: neither given, nor is there a HOME to put it into");
    }
    loaded.config.data = state.empty() ? home + "/.prooflode-miner" : state;
  }
  return loaded;
}

std::string PrintConfig(const LoadedConfig& loaded) {
  std::string out;
  std::string table;
  for (const Setting& setting : Settings()) {
    std::string name = setting.name;
    const size_t point = name.find('.');
    const std::string in = point == name.npos ? "" : name.substr(0, point);
    if (in != table) out += absl::StrFormat("\n[%s]\n", in);
    table = in;
    if (point != name.npos) name = name.substr(point + 1);
    std::ostringstream value;
    if (setting.quoted) {
      value << toml::value<std::string>(setting.get(loaded.config));
    } else {
      value << setting.get(loaded.config);
    }
    out += absl::StrFormat("%-50s # %s\n", absl::StrCat(name, " = ", value.str()),
                           loaded.origins.at(setting.name));
  }
  return out;
}

}  // namespace prooflode::miner
