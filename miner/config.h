// What a rig's owner can set, where it may come from (base/settings), and its defaults.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/settings/settings.h"
#include "base/status.h"

namespace prooflode::miner {

struct Config {
  std::string coordinator = "http://127.0.0.1:7443";
  std::string coordinator_key;  // hexadecimal; empty: whoever answers there (TLS then says who that is)
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  bool insecure = false;
  std::string key;                      // empty: <data>/miner.key
  std::string data;                     // default: $STATE_DIRECTORY, or ~/.prooflode-miner
  std::string http = "127.0.0.1:4180";  // empty: none

  struct Log {
    std::string format = "text";
    std::string level = "info";
  } log;
  struct Device {
    std::string kind = "cpu";
    uint64_t threads = 0;        // 0: every usable processor
    uint64_t key_memory_mb = 0;  // 0: a quarter of this machine's memory
  } device;
  struct Work {
    uint64_t reward_min_units = 0;
    uint64_t expected_per_hour_min_units = 0;
    uint64_t memory_mb = 0;         // 0: three quarters of this machine's
    uint64_t free_memory_mb = 256;  // below it no work is taken
    uint64_t offers_max = 16;
    uint64_t deadline_margin_percent = 120;
    uint64_t failures_max = 5;
    uint64_t breaker_pause_s = 300;
    uint64_t stop_timeout_s = 30;
  } work;
  struct Cache {
    uint64_t quota_mb = 20'000;
    uint64_t free_disk_mb = 1000;  // what is left to others of the disk
  } cache;
  struct Mirrors {
    bool enabled = true;
    bool allow_private = false;
  } mirrors;

  std::string key_path() const { return key.empty() ? data + "/miner.key" : key; }
};

// The table of settings, bound to `config`, which must outlive it.
Settings SettingsOf(Config& config);

// A setting on the command line.
struct Flag {
  std::string text;
  std::string typed;  // the flag as it was typed, for messages: a setting may have a short one
};

// kInvalidArgument for a value that its setting cannot have.
Status SetFlags(const std::map<std::string, Flag>& flags, Settings& settings);

struct ConfigSources {
  std::optional<std::string> file;
  Environment environment;
  std::map<std::string, Flag> flags;  // by setting
};

// Reads all sources into `config` through `settings`, fills in the defaults that depend on the environment,
// and checks that the whole makes sense. kInvalidArgument names file and line, variable or flag, what came
// and what was wanted; kNotFound names a file that is not there.
Status LoadConfig(const ConfigSources& sources, Config& config, Settings& settings);

}  // namespace prooflode::miner
