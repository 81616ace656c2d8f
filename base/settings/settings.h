// A program's settings and where each came from: flags over PROOFLODE_* variables over a TOML file over
// defaults. The program gives one table (name, meaning, limits); file, environment, flags and printing follow
// from it. toml++ stays behind this header. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace prooflode {

enum class SettingKind { kText, kTextList, kNumber, kFlag };

// One row of the table. A list is one text, its members joined by commas.
struct Setting {
  std::string name;  // "limits.queue": table and key in the file
  SettingKind kind = SettingKind::kText;
  std::string help;
  std::string wanted;  // what a value looks like, for messages
  // Sets the value from text; false when the text is not a value of this setting.
  std::function<bool(const std::string&)> set;
  std::function<std::string()> get;
};

// The usual rows; `target` must outlive the table.
Setting TextSetting(std::string name, std::string* target, std::string help,
                    std::vector<std::string> allowed = {});
Setting NumberSetting(std::string name, uint64_t* target, uint64_t least, uint64_t most, std::string help);
Setting FlagSetting(std::string name, bool* target, std::string help);
// HOST:PORT with a port in range; the host is checked by whoever listens there.
Setting AddressSetting(std::string name, std::string* target, bool may_be_empty, std::string help);

// A public key in hexadecimal, or nothing.
Setting PublicKeySetting(std::string name, std::string* target, std::string help);

// The value of a variable, nullptr when it is not set.
using Environment = std::function<const char*(const std::string&)>;

// $STATE_DIRECTORY, which systemd sets, or `folder` in the home of the user; kInvalidArgument without both.
StatusOr<std::string> DefaultDataFolder(const Environment& environment, const std::string& folder);

// The file of settings: `given` unless it is empty, or the first that exists of `name` in
// $XDG_CONFIG_HOME/prooflode, ~/.config/prooflode and /etc/prooflode.
std::optional<std::string> SettingsFile(const std::string& given, const Environment& environment,
                                        const std::string& name);

class Settings {
 public:
  explicit Settings(std::vector<Setting> table);

  const std::vector<Setting>& table() const { return table_; }
  // kInvalidArgument names file and line, what came and what was wanted; for an unknown key also the known
  // one that is nearest.
  Status LoadFile(const std::string& path);
  // Variables are looked up by name, since other programs have PROOFLODE_ ones too.
  Status LoadEnvironment(const Environment& lookup);
  // `origin` is for messages and for Print.
  Status Set(const std::string& name, const std::string& text, const std::string& origin);

  // Where the value of a setting came from: what Set was told, or "default".
  std::string Origin(const std::string& name) const;
  // The effective settings as a TOML file that gives them again, with each one's origin as a comment.
  std::string Print() const;
  // "limits.queue" -> "PROOFLODE_LIMITS_QUEUE", "--limits-queue".
  static std::string EnvironmentName(const std::string& name);
  static std::string FlagName(const std::string& name);

 private:
  const Setting* Find(const std::string& name) const;
  std::string Nearest(const std::string& name) const;

  std::vector<Setting> table_;
  std::map<std::string, std::string> origins_;
};

}  // namespace prooflode
