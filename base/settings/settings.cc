#include "base/settings/settings.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/crypto.h"
#include "base/edit_distance.h"
#include "base/files.h"

namespace prooflode {
namespace {

constexpr uint64_t kFileBytesMax = 1 << 20;

// A node's value as the text that Set takes; nullopt for a node of another kind.
std::optional<std::string> TextOf(const toml::node& node, SettingKind kind) {
  if (kind == SettingKind::kText) {
    if (const auto* text = node.as_string()) return text->get();
  } else if (kind == SettingKind::kNumber || kind == SettingKind::kFlag) {
    if (const auto* integer = node.as_integer()) return absl::StrCat(integer->get());
    if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  } else if (const auto* list = node.as_array()) {
    std::vector<std::string> members;
    for (const toml::node& member : *list) {
      const auto* text = member.as_string();
      if (text == nullptr || text->get().find(',') != std::string::npos) return std::nullopt;
      members.push_back(text->get());
    }
    return absl::StrJoin(members, ",");
  }
  return std::nullopt;
}

struct Entry {
  std::string name;
  const toml::node* node;
};

// Tables are one level deep, as in every file we write.
std::vector<Entry> Flatten(const toml::table& table) {
  std::vector<Entry> entries;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const toml::table* inner = node.as_table();
    if (inner == nullptr) {
      entries.push_back({name, &node});
      continue;
    }
    for (const auto& [inner_key, inner_node] : *inner) {
      entries.push_back({absl::StrCat(name, ".", std::string(inner_key.str())), &inner_node});
    }
  }
  return entries;
}

std::string Quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

std::string ValueText(const Setting& setting) {
  const std::string value = setting.get();
  if (setting.kind == SettingKind::kNumber || setting.kind == SettingKind::kFlag) return value;
  if (setting.kind == SettingKind::kText) return Quoted(value);
  std::vector<std::string> members;
  for (absl::string_view member : absl::StrSplit(value, ',', absl::SkipEmpty())) {
    members.push_back(Quoted(std::string(member)));
  }
  return absl::StrCat("[", absl::StrJoin(members, ", "), "]");
}

bool IsAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const std::string digits = text.substr(colon + 1);
  uint32_t port = 0;
  return !digits.empty() && std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(digits, &port) && port <= 65535;
}

// "a", "a or b", "a, b or c".
std::string OneOf(const std::vector<std::string>& words) {
  const auto last = words.end() - 1;
  const std::string before = absl::StrJoin(words.begin(), last, ", ");
  return before.empty() ? *last : absl::StrCat(before, " or ", *last);
}

// "" where it is not set.
std::string Variable(const Environment& environment, const char* name) {
  const char* value = environment ? environment(name) : nullptr;
  return value == nullptr ? "" : value;
}

}  // namespace

Setting TextSetting(std::string name, std::string* target, std::string help,
                    std::vector<std::string> allowed) {
  const std::string wanted = allowed.empty() ? "text" : OneOf(allowed);
  const auto set = [target, allowed = std::move(allowed)](const std::string& text) {
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) return false;
    *target = text;
    return true;
  };
  return {std::move(name), SettingKind::kText, std::move(help), wanted, set, [target] { return *target; }};
}

Setting NumberSetting(std::string name, uint64_t* target, uint64_t least, uint64_t most, std::string help) {
  const auto set = [target, least, most](const std::string& text) {
    uint64_t value = 0;
    if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text[0]))) return false;
    if (!absl::SimpleAtoi(text, &value) || value < least || value > most) return false;
    *target = value;
    return true;
  };
  return {std::move(name),
          SettingKind::kNumber,
          std::move(help),
          absl::StrCat("an integer from ", least, " to ", most),
          set,
          [target] { return absl::StrCat(*target); }};
}

Setting FlagSetting(std::string name, bool* target, std::string help) {
  const auto set = [target](const std::string& text) {
    if (text != "true" && text != "false") return false;
    *target = text == "true";
    return true;
  };
  return {std::move(name), SettingKind::kFlag, std::move(help), "true or false", set, [target] {
            return *target ? "true" : "false";
          }};
}

Setting AddressSetting(std::string name, std::string* target, bool may_be_empty, std::string help) {
  const auto set = [target, may_be_empty](const std::string& text) {
    if (!IsAddress(text) && !(may_be_empty && text.empty())) return false;
    *target = text;
    return true;
  };
  return {std::move(name),
          SettingKind::kText,
          std::move(help),
          may_be_empty ? "HOST:PORT, or empty for none" : "HOST:PORT",
          set,
          [target] { return *target; }};
}

Setting PublicKeySetting(std::string name, std::string* target, std::string help) {
  const auto set = [target](const std::string& text) {
    if (!text.empty() && !DigestFromHex(text)) return false;
    *target = text;
    return true;
  };
  return {std::move(name),
          SettingKind::kText,
          std::move(help),
          "64 hexadecimal digits, or nothing",
          set,
          [target] { return *target; }};
}

std::optional<std::string> SettingsFile(const std::string& given, const Environment& environment,
                                        const std::string& name) {
  if (!given.empty()) return given;
  std::vector<std::string> folders;
  if (const std::string xdg = Variable(environment, "XDG_CONFIG_HOME"); !xdg.empty()) folders.push_back(xdg);
  if (const std::string home = Variable(environment, "HOME"); !home.empty()) {
    folders.push_back(home + "/.config");
  }
  folders.push_back("/etc");
  for (const std::string& folder : folders) {
    const std::string place = absl::StrCat(folder, "/prooflode/", name);
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return std::nullopt;
}

StatusOr<std::string> DefaultDataFolder(const Environment& environment, const std::string& folder) {
  const std::string state = Variable(environment, "STATE_DIRECTORY");
  if (!state.empty()) return state;
  const std::string home = Variable(environment, "HOME");
  if (!home.empty()) return absl::StrCat(home, "/", folder);
  return absl::InvalidArgumentError("data: neither given, nor is there a HOME to put it into");
}

Settings::Settings(std::vector<Setting> table) : table_(std::move(table)) {}

const Setting* Settings::Find(const std::string& name) const {
  const auto found =
      std::find_if(table_.begin(), table_.end(), [&](const Setting& s) { return s.name == name; });
  return found == table_.end() ? nullptr : &*found;
}

std::string Settings::Nearest(const std::string& name) const {
  const Setting* best = nullptr;
  size_t best_distance = name.size() / 3 + 2;  // further away is another word
  for (const Setting& setting : table_) {
    // The table may be missing or wrong: the key alone counts as well.
    const std::string leaf = setting.name.substr(setting.name.rfind('.') + 1);
    const size_t distance =
        std::min(EditDistance(name, setting.name), EditDistance(name.substr(name.rfind('.') + 1), leaf) + 1);
    if (distance < best_distance) {
      best = &setting;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : absl::StrCat("; did you mean ", best->name, "?");
}

Status Settings::Set(const std::string& name, const std::string& text, const std::string& origin) {
  const Setting* setting = Find(name);
  if (setting == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(origin, ": unknown setting ", name, Nearest(name)));
  }
  if (!setting->set(text)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %s is \"%s\", want %s", origin, name, text, setting->wanted));
  }
  origins_[name] = origin;
  return absl::OkStatus();
}

Status Settings::LoadFile(const std::string& path) {
  PL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kFileBytesMax));
  toml::table table;
  try {  // toml++ throws
    table = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.source().begin.line, ": ", Sv(error.description())));
  }
  for (const Entry& entry : Flatten(table)) {
    const std::string where = absl::StrCat(path, ":", entry.node->source().begin.line);
    const Setting* setting = Find(entry.name);
    if (setting != nullptr) {
      const std::optional<std::string> value = TextOf(*entry.node, setting->kind);
      if (!value) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, ": ", entry.name, " is of the wrong type, want ", setting->wanted));
      }
      PL_RETURN_IF_ERROR(Set(entry.name, *value, where));
      continue;
    }
    PL_RETURN_IF_ERROR(Set(entry.name, "", where));  // says that it is unknown
  }
  return absl::OkStatus();
}

Status Settings::LoadEnvironment(const Environment& lookup) {
  for (const Setting& setting : table_) {
    const std::string variable = EnvironmentName(setting.name);
    if (const char* value = lookup(variable)) PL_RETURN_IF_ERROR(Set(setting.name, value, variable));
  }
  return absl::OkStatus();
}

std::string Settings::Origin(const std::string& name) const {
  const auto origin = origins_.find(name);
  return origin == origins_.end() ? "default" : origin->second;
}

std::string Settings::Print() const {
  std::string out;
  std::string table;
  for (const Setting& setting : table_) {
    const size_t point = setting.name.find('.');
    const std::string in = point == std::string::npos ? "" : setting.name.substr(0, point);
    if (in != table) out += absl::StrFormat("\n[%s]\n", in);
    table = in;
    const std::string key = point == std::string::npos ? setting.name : setting.name.substr(point + 1);
    out +=
        absl::StrFormat("%-50s # %s\n", absl::StrCat(key, " = ", ValueText(setting)), Origin(setting.name));
  }
  return out;
}

std::string Settings::EnvironmentName(const std::string& name) {
  std::string variable = absl::StrCat("PROOFLODE_", absl::StrReplaceAll(name, {{".", "_"}}));
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return variable;
}

std::string Settings::FlagName(const std::string& name) {
  return absl::StrCat("--", absl::StrReplaceAll(name, {{".", "-"}, {"_", "-"}}));
}

}  // namespace prooflode
