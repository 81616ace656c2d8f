#include "miner/config.h"

#include "base/command_line/device.h"

namespace prooflode::miner {
namespace {

constexpr uint64_t kMegabytesMax = uint64_t{1} << 24;

// Any device's name, there or not: that the machine lacks one is no error of the configuration.
Setting DeviceSetting(std::string name, std::string* target, std::string help) {
  const auto set = [target](const std::string& text) {
    if (!IsDeviceName(text)) return false;
    *target = text;
    return true;
  };
  return {
      std::move(name), SettingKind::kText, std::move(help), kDeviceNames, set, [target] { return *target; }};
}

}  // namespace

Settings SettingsOf(Config& c) {
  return Settings({
      TextSetting("coordinator", &c.coordinator, "URL of the coordinator"),
      PublicKeySetting("coordinator_key", &c.coordinator_key,
                       "Public key that the coordinator must have, in hexadecimal"),
      TextSetting("ca_file", &c.ca_file, "PEM file of the roots to trust instead of the system's"),
      TextSetting("client_cert_file", &c.client_cert_file,
                  "PEM certificate for coordinators that ask for one"),
      TextSetting("client_key_file", &c.client_key_file, "PEM key of that certificate"),
      FlagSetting("insecure", &c.insecure,
                  "Allow http to other machines: tokens and witnesses travel in the clear"),
      TextSetting("key", &c.key, "Key file of this miner; made at the first start (default: DATA/miner.key)"),
      TextSetting("data", &c.data, "Folder for key, cache and journal"),
      AddressSetting("http", &c.http, true, "HOST:PORT of metrics and status, or empty for none"),
      TextSetting("log.format", &c.log.format, "text or json", {"text", "json"}),
      TextSetting("log.level", &c.log.level, "debug, info, warning or error",
                  {"debug", "info", "warning", "error"}),
      DeviceSetting("device.kind", &c.device.kind, "What proves: auto or cpu in this version"),
      NumberSetting("device.threads", &c.device.threads, 0, 1024,
                    "Threads of the worker; 0 for every usable processor"),
      NumberSetting("device.key_memory_mb", &c.device.key_memory_mb, 0, kMegabytesMax,
                    "Memory for keys that are kept warm; 0 for a quarter of the machine's"),
      NumberSetting("work.reward_min_units", &c.work.reward_min_units, 0, ~uint64_t{0},
                    "Jobs that pay less are skipped"),
      NumberSetting(
          "work.expected_per_hour_min_units", &c.work.expected_per_hour_min_units, 0, ~uint64_t{0},
          "Jobs are skipped whose reward by the chance of winning, for an hour of such work, is below it"),
      NumberSetting("work.memory_mb", &c.work.memory_mb, 0, kMegabytesMax,
                    "What one proof may need; 0 for three quarters of the machine's memory"),
      NumberSetting("work.free_memory_mb", &c.work.free_memory_mb, 0, kMegabytesMax,
                    "While less of the machine's memory is available no work is taken; 0: never mind"),
      NumberSetting("work.offers_max", &c.work.offers_max, 1, 1000, "Offers looked at at a time"),
      NumberSetting("work.deadline_margin_percent", &c.work.deadline_margin_percent, 100, 1000,
                    "Predicted time is held to the deadline with this margin"),
      NumberSetting("work.failures_max", &c.work.failures_max, 1, 1000,
                    "Failures in a row until no work is taken"),
      NumberSetting("work.breaker_pause_s", &c.work.breaker_pause_s, 1, 86'400,
                    "How long no work is taken then"),
      NumberSetting("work.stop_timeout_s", &c.work.stop_timeout_s, 0, 86'400,
                    "How long a stop waits for proofs"),
      NumberSetting("cache.quota_mb", &c.cache.quota_mb, 1, 1 << 30, "Disk space for keys and witnesses"),
      NumberSetting("cache.free_disk_mb", &c.cache.free_disk_mb, 0, 1 << 30,
                    "What stays free of the disk; the cache shrinks and jobs are skipped instead"),
      FlagSetting(
          "mirrors.enabled", &c.mirrors.enabled,
          "Fetch keys over HTTP from where their circuits say, if it can be, and not from the coordinator"),
      FlagSetting("mirrors.allow_private", &c.mirrors.allow_private,
                  "Let circuits name mirrors in private networks and on this machine"),
  });
}

Status SetFlags(const std::map<std::string, Flag>& flags, Settings& settings) {
  for (const auto& [name, flag] : flags) PL_RETURN_IF_ERROR(settings.Set(name, flag.text, flag.typed));
  return absl::OkStatus();
}

Status LoadConfig(const ConfigSources& sources, Config& config, Settings& settings) {
  if (sources.file) PL_RETURN_IF_ERROR(settings.LoadFile(*sources.file));
  if (sources.environment) PL_RETURN_IF_ERROR(settings.LoadEnvironment(sources.environment));
  PL_RETURN_IF_ERROR(SetFlags(sources.flags, settings));
  if (config.data.empty()) {
    PL_ASSIGN_OR_RETURN(config.data, DefaultDataFolder(sources.environment, ".prooflode-miner"));
  }
  if (config.client_cert_file.empty() != config.client_key_file.empty()) {
    return absl::InvalidArgumentError(
        "client_cert_file and client_key_file go together, one of them is missing");
  }
  return absl::OkStatus();
}

}  // namespace prooflode::miner
