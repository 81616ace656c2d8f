// What an operator can set, where it may come from (base/settings), and its defaults.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/settings/settings.h"
#include "base/status.h"
#include "coordinator/artifacts/artifact_store.h"
#include "coordinator/market/market.h"
#include "transparency/note.h"

namespace prooflode::coordinator {

struct Config {
  std::string market = "prooflode";
  std::string data;  // default: $STATE_DIRECTORY, or ~/.prooflode-coordinator
  std::string listen = "127.0.0.1:7443";
  std::string http = "127.0.0.1:7480";  // empty: none
  std::string key_file;                 // default: DATA/coordinator.key
  std::string retiring_key_file;        // empty: none
  bool insecure = false;
  std::vector<PublicKey> operators;

  struct Tls {
    std::string cert_file;
    std::string key_file;
    std::string client_ca_file;
  } tls;
  struct Log {
    std::string level = "info";
    std::string format = "text";
  } log;
  struct Asset {
    std::string name = "credit";
    uint64_t decimals = 6;
  } asset;
  struct Transparency {
    uint64_t checkpoint_s = 5;
    std::vector<transparency::NoteKey> witnesses;
  } transparency;
  struct Race {
    uint64_t reveal_window_ms = 1000;
    uint64_t lease_default_s = 60;
    uint64_t place_s = 60;
    uint64_t draw_window_ms = 100;
    uint64_t width_default = 3;
    uint64_t late_percent = 130;
    uint64_t silence_limit_s = 12;
    uint64_t fee_per_million = 0;
    uint64_t collateral_per_million = 0;
    uint64_t release_grace_s = 5;
    uint64_t release_fee_per_million = 500'000;
    uint64_t unprovable_reports = 2;
    uint64_t check_fee_per_million = 10'000;
  } race;
  struct Limits {
    uint64_t artifact_mb = 8192;
    uint64_t artifact_store_mb = 65536;
    uint64_t free_disk_mb = 1024;
    uint64_t uploads_per_identity = 16;
    uint64_t domain_size = uint64_t{1} << 24;
    uint64_t public_inputs = 1024;
    uint64_t queue = 8192;
    uint64_t open_jobs_per_requester = 1000;
    uint64_t live_attempts_per_miner = 64;
    uint64_t admissions_per_miner_and_job = 8;
    uint64_t begun_per_minute = 1200;
  } limits;
  struct Retention {
    uint64_t witness_hours = 24;
    uint64_t unused_upload_hours = 24;
    uint64_t proof_s = 0;  // 0: for ever
  } retention;
  struct Stop {
    uint64_t drain_s = 10;
  } stop;
  uint64_t verify_threads = 0;  // 0: half of the usable processors

  std::string key_path() const { return key_file.empty() ? data + "/coordinator.key" : key_file; }
  std::string database_path() const { return data + "/market.db"; }
  std::string checkpoints_path() const { return data + "/checkpoints.json"; }
  std::string artifacts_path() const { return data + "/artifacts"; }
  market::Rules Rules() const;
  artifacts::Limits ArtifactLimits() const;
};

// The table of settings, bound to `config`, which must outlive it.
Settings SettingsOf(Config& config);

struct ConfigSources {
  std::optional<std::string> file;
  Environment environment;
  std::map<std::string, std::string> flags;  // by setting
};

// Reads all sources into `config` through `settings`, fills in the defaults that depend on the environment,
// and checks that the whole makes sense.
Status LoadConfig(const ConfigSources& sources, Config& config, Settings& settings);

}  // namespace prooflode::coordinator
