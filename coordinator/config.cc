#include "coordinator/config.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "coordinator/market/rules.h"

namespace prooflode::coordinator {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kHoursMax = 24 * 366 * 10;

// A name that is part of everything signed: short and printable.
Setting NameSetting(std::string name, std::string* target, std::string help) {
  const auto set = [target](const std::string& text) {
    if (!market::IsMarketName(text)) return false;
    *target = text;
    return true;
  };
  return {std::move(name),
          SettingKind::kText,
          std::move(help),
          "1 to 64 letters, digits, '-', '_', '.'",
          set,
          [target] { return *target; }};
}

Setting KeysSetting(std::string name, std::vector<PublicKey>* target, std::string help) {
  const auto set = [target](const std::string& text) {
    std::vector<PublicKey> keys;
    for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
      const std::optional<Digest> key = DigestFromHex(FromSv(part));
      if (!key) return false;
      keys.push_back(*key);
    }
    *target = std::move(keys);
    return true;
  };
  const auto get = [target] {
    std::vector<std::string> keys;
    for (const PublicKey& key : *target) keys.push_back(HexEncode(key));
    return absl::StrJoin(keys, ",");
  };
  return {std::move(name),
          SettingKind::kTextList,
          std::move(help),
          "public keys of 64 lower-case hexadecimal digits",
          set,
          get};
}

Setting WitnessesSetting(std::string name, std::vector<transparency::NoteKey>* target, std::string help) {
  const auto set = [target](const std::string& text) {
    std::vector<transparency::NoteKey> witnesses;
    for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
      StatusOr<transparency::NoteKey> key = transparency::NoteKey::Parse(FromSv(part));
      if (!key.ok() || key->kind != transparency::NoteKeyKind::kCosignatureV1) return false;
      witnesses.push_back(*std::move(key));
    }
    if (witnesses.size() >= transparency::kNoteSignaturesMax) return false;
    *target = std::move(witnesses);
    return true;
  };
  const auto get = [target] {
    std::vector<std::string> keys;
    for (const transparency::NoteKey& key : *target) keys.push_back(key.Text());
    return absl::StrJoin(keys, ",");
  };
  return {std::move(name),
          SettingKind::kTextList,
          std::move(help),
          "at most 63 keys NAME+ID+BASE64 of kind 4 (cosignature/v1)",
          set,
          get};
}

Status CheckWhole(const Config& config) {
  if (config.tls.cert_file.empty() != config.tls.key_file.empty()) {
    return absl::InvalidArgumentError("tls: cert_file and key_file go together, one of them is missing");
  }
  if (!config.tls.client_ca_file.empty() && config.tls.cert_file.empty()) {
    return absl::InvalidArgumentError("tls.client_ca_file: needs cert_file and key_file");
  }
  if (config.limits.artifact_mb > config.limits.artifact_store_mb) {
    return absl::InvalidArgumentError("limits.artifact_mb: more than limits.artifact_store_mb");
  }
  return absl::OkStatus();
}

}  // namespace

market::Rules Config::Rules() const {
  market::Rules rules;
  rules.market = market;
  rules.reveal_window = Millis(static_cast<int64_t>(race.reveal_window_ms));
  rules.lease_default = Seconds(static_cast<int64_t>(race.lease_default_s));
  rules.race_place = Seconds(static_cast<int64_t>(race.place_s));
  rules.draw_window = Millis(static_cast<int64_t>(race.draw_window_ms));
  rules.race_width_default = static_cast<uint32_t>(race.width_default);
  rules.late_percent = static_cast<uint32_t>(race.late_percent);
  rules.silence_limit = Seconds(static_cast<int64_t>(race.silence_limit_s));
  rules.fee_per_million = static_cast<uint32_t>(race.fee_per_million);
  rules.collateral_per_million = static_cast<uint32_t>(race.collateral_per_million);
  rules.release_grace = Seconds(static_cast<int64_t>(race.release_grace_s));
  rules.release_fee_per_million = static_cast<uint32_t>(race.release_fee_per_million);
  rules.unprovable_reports = static_cast<uint32_t>(race.unprovable_reports);
  rules.check_fee_per_million = static_cast<uint32_t>(race.check_fee_per_million);
  rules.proof_retention = Seconds(static_cast<int64_t>(retention.proof_s));
  rules.open_jobs_per_requester_max = static_cast<uint32_t>(limits.open_jobs_per_requester);
  rules.live_attempts_per_miner_max = static_cast<uint32_t>(limits.live_attempts_per_miner);
  rules.admissions_per_miner_and_job_max = static_cast<uint32_t>(limits.admissions_per_miner_and_job);
  return rules;
}

artifacts::Limits Config::ArtifactLimits() const {
  return {.artifact_bytes_max = limits.artifact_mb * kMebibyte,
          .store_bytes_max = limits.artifact_store_mb * kMebibyte,
          .free_bytes_min = limits.free_disk_mb * kMebibyte,
          .uploads_per_identity_max = static_cast<uint32_t>(limits.uploads_per_identity),
          // A quarter of the store, but always room for one file.
          .unfinished_bytes_per_identity_max =
              std::max(limits.artifact_mb, limits.artifact_store_mb / 4) * kMebibyte};
}

namespace {

std::vector<Setting> RaceSettings(Config::Race& race) {
  return {
      NumberSetting("race.reveal_window_ms", &race.reveal_window_ms, market::kRevealWindowMs.min,
                    market::kRevealWindowMs.max, "How long a miner has to reveal a committed proof"),
      NumberSetting("race.lease_default_s", &race.lease_default_s, market::kLeaseSeconds.min,
                    market::kLeaseSeconds.max, "Length of a lease whose requester names none"),
      NumberSetting("race.place_s", &race.place_s, market::kRacePlaceSeconds.min,
                    market::kRacePlaceSeconds.max,
                    "How long a miner without a commit holds its place in a race of some width"),
      NumberSetting(
          "race.draw_window_ms", &race.draw_window_ms, market::kDrawWindowMs.min, market::kDrawWindowMs.max,
          "How long candidates for a place are gathered before the draw; 0: first come, first served"),
      NumberSetting("race.width_default", &race.width_default, market::kRaceWidth.min, market::kRaceWidth.max,
                    "Width of a race whose requester names none; 0 for everybody"),
      NumberSetting("race.late_percent", &race.late_percent, market::kLatePercent.min,
                    market::kLatePercent.max,
                    "Of its predicted time: when the holder of a hedged lease gets company"),
      NumberSetting("race.silence_limit_s", &race.silence_limit_s, market::kSilenceSeconds.min,
                    market::kSilenceSeconds.max,
                    "How long a miner may be unheard of before it loses a place without a commit"),
      NumberSetting("race.fee_per_million", &race.fee_per_million, market::kPerMillion.min,
                    market::kPerMillion.max, "Fee on top of a reward, in millionths of it"),
      NumberSetting("race.collateral_per_million", &race.collateral_per_million, market::kPerMillion.min,
                    market::kPerMillion.max,
                    "Held from every admitted miner until its attempt ends, in millionths of the reward"),
      NumberSetting("race.release_grace_s", &race.release_grace_s, market::kReleaseGraceSeconds.min,
                    market::kReleaseGraceSeconds.max,
                    "How long after its admission a miner may give an attempt back for nothing"),
      NumberSetting(
          "race.release_fee_per_million", &race.release_fee_per_million, market::kPerMillion.min,
          market::kPerMillion.max,
          "What giving back costs at the end of an attempt's time, in millionths of the collateral"),
      NumberSetting("race.unprovable_reports", &race.unprovable_reports, market::kUnprovableReports.min,
                    market::kUnprovableReports.max,
                    "How many miners must report a job before it ends as unprovable"),
      NumberSetting("race.check_fee_per_million", &race.check_fee_per_million, market::kPerMillion.min,
                    market::kPerMillion.max, "What they share of its escrow, in millionths of the reward"),
  };
}

}  // namespace

Settings SettingsOf(Config& c) {
  constexpr uint64_t kDiskMb = uint64_t{1} << 30;
  constexpr uint64_t kCount = 1'000'000;
  std::vector<Setting> table = {
      NameSetting("market", &c.market, "Name of this market, part of everything that is signed"),
      TextSetting("data", &c.data, "Folder for database, artifacts and key"),
      AddressSetting("listen", &c.listen, false, "Where miners and requesters connect"),
      AddressSetting("http", &c.http, true, "Where /metrics, /healthz and /log are"),
      TextSetting("key_file", &c.key_file, "Key file of this coordinator; made at the first start"),
      TextSetting("retiring_key_file", &c.retiring_key_file,
                  "Key file it had until now: the next start hands the log over to key_file's key"),
      FlagSetting("insecure", &c.insecure, "Allow connections without TLS beyond this machine"),
      KeysSetting("operators", &c.operators, "Keys that may act as operator"),
      TextSetting("tls.cert_file", &c.tls.cert_file, "PEM certificate chain"),
      TextSetting("tls.key_file", &c.tls.key_file, "PEM key of that certificate"),
      TextSetting("tls.client_ca_file", &c.tls.client_ca_file, "PEM roots that clients' certificates need"),
      TextSetting("log.level", &c.log.level, "What is logged", {"debug", "info", "warning", "error"}),
      TextSetting("log.format", &c.log.format, "How it is logged", {"text", "json"}),
      NameSetting("asset.name", &c.asset.name, "What balances are counted in"),
      NumberSetting("asset.decimals", &c.asset.decimals, 0, 18, "Decimals of one unit, for display"),
      NumberSetting("transparency.checkpoint_s", &c.transparency.checkpoint_s, 1, 3600,
                    "How often a checkpoint of the log is signed while it grows"),
      WitnessesSetting("transparency.witnesses", &c.transparency.witnesses,
                       "Witnesses whose cosignatures of checkpoints are taken"),
      NumberSetting("stop.drain_s", &c.stop.drain_s, 0, 3600,
                    "How long a stop waits for attempts under way to be committed"),
      NumberSetting("limits.artifact_mb", &c.limits.artifact_mb, 1, kDiskMb, "Largest file taken"),
      NumberSetting("limits.artifact_store_mb", &c.limits.artifact_store_mb, 1, kDiskMb,
                    "All files together"),
      NumberSetting("limits.free_disk_mb", &c.limits.free_disk_mb, 0, kDiskMb,
                    "Free disk space below which no file is taken"),
      NumberSetting("limits.uploads_per_identity", &c.limits.uploads_per_identity, 1, 1000,
                    "Unfinished uploads of one identity"),
      NumberSetting("limits.domain_size", &c.limits.domain_size, 1, uint64_t{1} << 27,
                    "Largest circuit taken"),
      NumberSetting("limits.public_inputs", &c.limits.public_inputs, 0, 5000, "Most public inputs taken"),
      NumberSetting("limits.queue", &c.limits.queue, 16, kCount, "Requests waiting before more are refused"),
      NumberSetting("limits.open_jobs_per_requester", &c.limits.open_jobs_per_requester,
                    market::kCountRange.min, market::kCountRange.max, "Unfinished jobs of one requester"),
      NumberSetting("limits.live_attempts_per_miner", &c.limits.live_attempts_per_miner,
                    market::kCountRange.min, market::kCountRange.max,
                    "Jobs that one miner is admitted to at a time"),
      NumberSetting("limits.admissions_per_miner_and_job", &c.limits.admissions_per_miner_and_job, 1, 1000,
                    "How often one miner is admitted to the same job, attempts that it gave back included"),
      NumberSetting("limits.begun_per_minute", &c.limits.begun_per_minute, 10, kCount,
                    "Jobs, acceptances and withdrawals that one key begins in a minute"),
      NumberSetting("retention.witness_hours", &c.retention.witness_hours, 0, kHoursMax,
                    "How long witnesses of finished jobs are kept"),
      NumberSetting("retention.unused_upload_hours", &c.retention.unused_upload_hours, 1, kHoursMax,
                    "How long files that nothing refers to are kept"),
      NumberSetting("retention.proof_s", &c.retention.proof_s, market::kProofRetentionSeconds.min,
                    market::kProofRetentionSeconds.max,
                    "How long proofs are kept after their job's end; 0 for ever"),
      NumberSetting("verify.threads", &c.verify_threads, 0, 256,
                    "Threads that verify proofs; 0 for half of the usable processors"),
  };
  for (Setting& setting : RaceSettings(c.race)) table.push_back(std::move(setting));
  return Settings(std::move(table));
}

Status LoadConfig(const ConfigSources& sources, Config& config, Settings& settings) {
  if (sources.file) PL_RETURN_IF_ERROR(settings.LoadFile(*sources.file));
  if (sources.environment) PL_RETURN_IF_ERROR(settings.LoadEnvironment(sources.environment));
  for (const auto& [name, text] : sources.flags) PL_RETURN_IF_ERROR(settings.Set(name, text, "--" + name));
  if (config.data.empty()) {
    PL_ASSIGN_OR_RETURN(config.data, DefaultDataFolder(sources.environment, ".prooflode-coordinator"));
  }
  return CheckWhole(config);
}

}  // namespace prooflode::coordinator
