// prooflode-coordinator: the command line. What a run is made of: run.cc.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/command_line/usage.h"
#include "base/files.h"
#include "base/log.h"
#include "base/metrics.h"
#include "coordinator/artifacts/artifact_store.h"
#include "coordinator/config.h"
#include "coordinator/engine/replay.h"
#include "coordinator/export_log.h"
#include "coordinator/preflight.h"
#include "coordinator/retention.h"
#include "coordinator/run.h"
#include "coordinator/store/sqlite_store.h"

namespace prooflode::coordinator {
namespace {

struct CommandLine {
  std::string config_file;
  std::map<std::string, std::string> flags;
  std::vector<std::string> set;  // KEY=VALUE
  bool json = false;
  std::string backup_file;
  std::string log_file;  // empty: standard output
  uint64_t from = 0;
};

void Print(const std::string& text) { std::fputs(text.c_str(), stdout); }

int Report(const Status& status, int code = kExitError) {
  std::fprintf(stderr, "prooflode-coordinator: %s\n", std::string(status.message()).c_str());
  return code;
}

// The first of the usual places that has a file; empty when none has.
std::string UsualConfigFile() {
  const char* xdg = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  std::vector<std::string> places;
  if (xdg != nullptr) places.push_back(std::string(xdg) + "/prooflode/coordinator.toml");
  if (xdg == nullptr && home != nullptr) {
    places.push_back(std::string(home) + "/.config/prooflode/coordinator.toml");
  }
  places.push_back("/etc/prooflode/coordinator.toml");
  for (const std::string& place : places) {
    if (!absl::IsNotFound(OpenForReading(place).status())) return place;
  }
  return "";
}

Status Load(const CommandLine& line, Config& config, Settings& settings) {
  ConfigSources sources;
  const std::string file = line.config_file.empty() ? UsualConfigFile() : line.config_file;
  if (!file.empty()) sources.file = file;
  sources.environment = [](const std::string& name) -> const char* { return std::getenv(name.c_str()); };
  sources.flags = line.flags;
  for (const std::string& assignment : line.set) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat("--set ", assignment, ": want KEY=VALUE"));
    }
    sources.flags[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  return LoadConfig(sources, config, settings);
}

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  return name == "error" ? LogLevel::kError : LogLevel::kInfo;
}

int CheckCommand(const Config& config, bool json) {
  InertMetrics metrics;
  auto store = store::SqliteStore::OpenReadOnly(config.database_path(), metrics);
  if (!store.ok()) return Report(store.status());
  if (const Status status = CheckKeyFile(config, (*store)->coordinator()); !status.ok()) {
    return Report(status, kExitBadConfiguration);
  }
  if (const Status status = (*store)->CheckIntegrity(); !status.ok()) return Report(status);
  std::string missing;
  const auto report = engine::CheckByReplay(**store, [&](const market::Market& market) {
    missing = MissingArtifacts(market, [&](const Digest& digest) {
      return access(artifacts::ArtifactStore::PathIn(config.artifacts_path(), digest).c_str(), F_OK) == 0;
    });
  });
  if (!report.ok()) return Report(report.status());
  if (!missing.empty()) return Report(absl::DataLossError(missing));
  const std::string root = HexEncode(report->root);
  if (json) {
    Print(absl::StrFormat(
        "{\"ok\":true,\"leaves\":%d,\"root\":\"%s\",\"circuits\":%d,\"jobs\":%d,\"transfers\":%d,"
        "\"proofs\":%d,\"deleted_proofs\":%d}\n",
        report->leaf_count, root, report->circuit_count, report->job_count, report->transfer_count,
        report->proof_count, report->deleted_proof_count));
  } else {
    Print(absl::StrFormat(
        "ok: %d leaves replayed give the stored state\nroot %s\n%d circuits, %d jobs, %d transfers\n"
        "%d proofs, %d deleted as configured\n",
        report->leaf_count, root, report->circuit_count, report->job_count, report->transfer_count,
        report->proof_count, report->deleted_proof_count));
  }
  return kExitOk;
}

int BackupCommand(const Config& config, const std::string& target, bool json) {
  InertMetrics metrics;
  auto store = store::SqliteStore::OpenReadOnly(config.database_path(), metrics);
  if (!store.ok()) return Report(store.status());
  if (const Status status = CheckKeyFile(config, (*store)->coordinator()); !status.ok()) {
    return Report(status, kExitBadConfiguration);
  }
  if (const Status status = (*store)->BackUpTo(target); !status.ok()) return Report(status);
  auto copy = store::SqliteStore::OpenReadOnly(target, metrics);
  const Status status = copy.ok() ? (*copy)->CheckIntegrity() : copy.status();
  if (!status.ok()) return Report(status);
  Print(json ? "{\"ok\":true}\n"
             : absl::StrCat("database copied to ", target, "; keep ", config.key_path(), " and ",
                            config.artifacts_path(), " with it\n"));
  return kExitOk;
}

int ExportLogCommand(const Config& config, const std::string& target, uint64_t from) {
  InertMetrics metrics;
  auto store = store::SqliteStore::OpenReadOnly(config.database_path(), metrics);
  if (!store.ok()) return Report(store.status());
  const auto finish = [](const StatusOr<ExportReport>& report) {
    if (!report.ok()) return Report(report.status());
    std::fprintf(stderr, "%s\n",
                 absl::StrCat(report->leaf_count, " leaves, up to size ", report->tree_size).c_str());
    return static_cast<int>(kExitOk);
  };
  if (target.empty()) return finish(ExportLog(**store, from, STDOUT_FILENO, "standard output"));
  auto file = FileReplacement::Open(target);
  if (!file.ok()) return Report(file.status());
  StatusOr<ExportReport> report = ExportLog(**store, from, file->fd(), target);
  if (report.ok()) {
    if (const Status status = file->Commit(); !status.ok()) report = status;
  }
  return finish(report);
}

int Main(int argc, char** argv) {
  CLI::App app("Runs a market of proofs: escrow, races, verification, payment.", "prooflode-coordinator");
  app.require_subcommand(1);
  app.set_version_flag("--version", "prooflode-coordinator " PROOFLODE_VERSION);
  app.footer(
      "Exit codes: 0 ok, 1 error, 2 usage, 78 bad configuration (nothing was written).\n"
      "Settings: flags win over PROOFLODE_* variables, these over the file; see `prooflode-coordinator "
      "config "
      "print`.");
  CommandLine line;
  const auto add_common = [&](CLI::App* command) {
    command->add_option("--config", line.config_file, "TOML file of settings");
    for (const char* name : {"data", "listen", "http"}) {
      command->add_option(std::string("--") + name, line.flags[name], std::string("Sets `") + name + "`");
    }
    command->add_option("--set", line.set, "Any setting: KEY=VALUE, may be repeated");
    command->add_flag("--json", line.json, "Machine-readable output");
    return command;
  };
  const CLI::App* run = add_common(app.add_subcommand("run", "Serve until SIGTERM"));
  const CLI::App* check =
      add_common(app.add_subcommand("check", "Replay the log and compare it with the rows"));
  CLI::App* backup = add_common(app.add_subcommand("backup", "Copy the database while the coordinator runs"));
  backup->add_option("FILE", line.backup_file, "Where to")->required();
  CLI::App* export_log = add_common(app.add_subcommand("export-log", "Write the log as JSON lines"));
  export_log->add_option("FILE", line.log_file, "Where to; standard output unless named");
  export_log->add_option("--from", line.from, "First leaf's index");
  CLI::App* config_command = app.add_subcommand("config", "Settings");
  config_command->require_subcommand(1);
  const CLI::App* config_check = add_common(config_command->add_subcommand("check", "Are they right?"));
  const CLI::App* config_print =
      add_common(config_command->add_subcommand("print", "What is in effect, and why"));
  const CLI::App* version = app.add_subcommand("version", "Version of this program");
  try {  // CLI11 throws
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "prooflode-coordinator: %s\nsee `%s --help`\n",
                 UsageError(app, error.what()).c_str(), ChosenCommand(app).c_str());
    return kExitUsage;
  }
  if (version->parsed()) {
    Print("prooflode-coordinator " PROOFLODE_VERSION "\n");
    return kExitOk;
  }
  std::erase_if(line.flags, [](const auto& flag) { return flag.second.empty(); });
  Config config;
  Settings settings = SettingsOf(config);
  if (const Status status = Load(line, config, settings); !status.ok())
    return Report(status, kExitBadConfiguration);
  InitLog({.level = LevelOf(config.log.level), .json = config.log.format == "json"});
  if (run->parsed()) return Run(config);
  if (check->parsed()) return CheckCommand(config, line.json);
  if (backup->parsed()) return BackupCommand(config, line.backup_file, line.json);
  if (export_log->parsed()) return ExportLogCommand(config, line.log_file, line.from);
  if (config_print->parsed()) Print(settings.Print());
  if (config_check->parsed()) {
    if (const Status status = CheckBeforeRun(config); !status.ok()) {
      return Report(status, kExitBadConfiguration);
    }
    Print(line.json ? "{\"ok\":true}\n" : "ok\n");
  }
  return kExitOk;
}

}  // namespace
}  // namespace prooflode::coordinator

int main(int argc, char** argv) { return prooflode::coordinator::Main(argc, argv); }
