// The miner's settings and where each came from: flags over PROOFLODE_* variables over a TOML file over
// defaults. One table (config.cc) says name, meaning and limits of every setting; file, environment, flags
// and `config print` follow from it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace prooflode::miner {

struct Config {
  std::string coordinator = "http://127.0.0.1:7443";
  std::string coordinator_key;  // hexadecimal; empty: whoever answers there (TLS then says who that is)
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  bool insecure = false;
  std::string key;  // empty: <data>/miner.key
  std::string data;
  std::string http = "127.0.0.1:4180";  // empty: none
  std::string log_format = "text";
  std::string log_level = "info";

  struct Device {
    std::string kind = "cpu";
    uint64_t threads = 0;        // 0: every usable processor
    uint64_t key_memory_mb = 0;  // 0: a quarter of this machine's memory
  } device;

  struct Work {
    uint64_t reward_min_units = 0;
    uint64_t memory_mb = 0;  // 0: three quarters of this machine's
    uint64_t offers_max = 16;
    uint64_t deadline_margin_percent = 120;
    uint64_t failures_max = 5;
    uint64_t breaker_pause_s = 300;
    uint64_t stop_timeout_s = 30;
  } work;

  uint64_t cache_quota_mb = 20'000;

  std::string key_path() const { return key.empty() ? data + "/miner.key" : key; }
};

// One row of the table.
struct Setting {
  const char* name;  // "device.threads": table and key in the file
  const char* help;
  // Sets the value from text; false when the text is not a value of this setting.
  std::function<bool(Config&, const std::string&)> set;
  std::function<std::string(const Config&)> get;
  const char* wanted;   // what a value looks like, for messages
  bool quoted = false;  // a string in TOML
};
const std::vector<Setting>& Settings();

// "device.threads" -> "PROOFLODE_DEVICE_THREADS" and "--device-threads".
std::string EnvironmentName(const std::string& setting);
std::string FlagName(const std::string& setting);

struct LoadedConfig {
  Config config;
  std::map<std::string, std::string>
      origins;  // setting -> "default", "file miner.toml:3", "PROOFLODE_X", "--x"
};

struct ConfigSources {
  // Read when it exists; kNotFound only matters for a file that was asked for.
  std::optional<std::string> file;
  std::function<const char*(const std::string&)> environment;
  std::map<std::string, std::string> flags;  // by setting
};

// kInvalidArgument names file and line, variable or flag, what came and what was wanted. An unknown key in
// the file is an error; variables are only looked up by name, since other programs have PROOFLODE_ ones too.
StatusOr<LoadedConfig> LoadConfig(const ConfigSources& sources);

// The effective settings as a TOML file that gives them again, with each one's origin as a comment.
std::string PrintConfig(const LoadedConfig& loaded);

}  // namespace prooflode::miner
