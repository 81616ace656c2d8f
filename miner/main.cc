// prooflode-miner: the command line.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/command_line/device.h"
#include "base/command_line/usage.h"
#include "base/log.h"
#include "client/channel.h"
#include "miner/config.h"
#include "miner/data_folder.h"
#include "miner/http_get.h"
#include "miner/run.h"
#include "miner/ui/lines.h"
#include "miner/worker/worker_main.h"

namespace prooflode::miner {
namespace {

struct CommandLine {
  std::string config_file;
  std::map<std::string, Flag> settings;
  bool json = false;
  std::vector<std::string> words;  // as typed

  bool IsTyped(const std::string& flag) const {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word.substr(0, word.find('=')) == flag; });
  }
};

constexpr char kSettingsGroup[] = "Settings (flags win over variables, these over the file)";

const char* Variable(const std::string& name) { return std::getenv(name.c_str()); }

// --config, PROOFLODE_CONFIG, or the first of the usual places that has a file.
std::optional<std::string> ConfigFile(const CommandLine& line) {
  const char* variable = Variable("PROOFLODE_CONFIG");
  const std::string given = line.config_file.empty() && variable != nullptr ? variable : line.config_file;
  return SettingsFile(given, Variable, "miner.toml");
}

int Fail(const Status& status, int code) {
  std::fprintf(stderr, "prooflode-miner: %s\n", std::string(status.message()).c_str());
  return code;
}

int PrintStatus(const Config& config, bool json) {
  const StatusOr<std::string> body = HttpGet(config.http, "/api/v1/status");
  if (!body.ok()) return Fail(body.status(), kExitUnreachable);
  if (json) {
    std::puts(body->c_str());
    return kExitOk;
  }
  const auto status = nlohmann::json::parse(*body, nullptr, false);
  if (!status.is_object()) return Fail(absl::DataLossError("the status is not JSON"), kExitError);
  try {  // Only a different program's answer lacks members.
    const bool connected = status.at("connected");
    std::string paused;
    for (const auto& reason : status.at("paused_for")) {
      paused += (paused.empty() ? "paused: " : ", ") + reason.get<std::string>();
    }
    std::printf("%s %s, %s\n", connected ? "connected to" : "not connected to",
                status.at("coordinator").get<std::string>().c_str(),
                status.at("draining") ? "stopping"
                : paused.empty()      ? "taking work"
                                      : paused.c_str());
    std::vector<DeviceRow> rows;
    for (const auto& d : status.at("devices")) {
      rows.push_back(
          {d.at("name"), d.at("proofs_per_hour"), d.at("median_ms"), d.at("won"), d.at("lost"), d.at("bad")});
    }
    const Money money{status.at("asset").at("name"),
                      std::min<uint32_t>(status.at("asset").at("decimals").get<uint32_t>(), 19)};
    const Micros uptime{static_cast<int64_t>(status.at("uptime_s").get<double>() * 1e6)};
    for (const auto& line : TableLines(rows, uptime, Amount{status.at("earned_units")}, money)) {
      std::puts(line.c_str());
    }
  } catch (const nlohmann::json::exception& error) {
    return Fail(absl::DataLossError(error.what()), kExitError);
  }
  return kExitOk;
}

int DrainRunning(const Config& config) {
  const StatusOr<pid_t> pid = RunningMiner(config.data);
  if (!pid.ok()) return Fail(pid.status(), kExitError);
  if (kill(*pid, SIGUSR1) != 0) return Fail(ErrnoStatus(errno, absl::StrCat("process ", *pid)), kExitError);
  std::printf("told process %d to finish and stop\n", *pid);
  return kExitOk;
}

LogOptions ToLogOptions(const Config& config) {
  LogOptions options;
  options.json = config.log.format == "json";
  options.level = config.log.level == "debug"     ? LogLevel::kDebug
                  : config.log.level == "warning" ? LogLevel::kWarning
                  : config.log.level == "error"   ? LogLevel::kError
                                                  : LogLevel::kInfo;
  return options;
}

// A value that no setting can have is a wrong command line, whatever the other sources say.
Status CheckFlags(const CommandLine& line) {
  Config scratch;
  Settings settings = SettingsOf(scratch);
  return SetFlags(line.settings, settings);
}

int Dispatch(const CLI::App& app, const CommandLine& line, Config& config, Settings& settings) {
  if (app.got_subcommand("version")) {
    std::puts("prooflode-miner " PROOFLODE_VERSION);
    return kExitOk;
  }
  if (const Status flags = CheckFlags(line); !flags.ok()) return Fail(flags, kExitUsage);
  const Status loaded = LoadConfig(
      {.file = ConfigFile(line), .environment = Variable, .flags = line.settings}, config, settings);
  if (!loaded.ok()) return Fail(loaded, kExitBadConfiguration);
  InitLog(ToLogOptions(config));
  if (app.got_subcommand("run") || app.got_subcommand("selftest")) {
    if (const Status device = FindDevice(config.device.kind); !device.ok()) {
      return Fail(Annotate(device, settings.Origin("device.kind")), kExitNoDevice);
    }
    return app.got_subcommand("run") ? RunMiner(config, settings) : RunSelfTestCommand(config);
  }
  if (app.got_subcommand("status")) return PrintStatus(config, line.json);
  if (app.got_subcommand("drain")) return DrainRunning(config);
  const CLI::App* config_command = app.get_subcommand("config");
  if (config_command->got_subcommand("print")) {
    std::fputs(settings.Print().c_str(), stdout);
    return kExitOk;
  }
  if (const Status checked = CheckConfig(config); !checked.ok()) return Fail(checked, kExitBadConfiguration);
  std::puts("configuration ok");
  return kExitOk;
}

// The settings of everyday use have short names, too.
std::string ShortFlag(const std::string& setting) {
  if (setting == "device.threads") return "--threads";
  if (setting == "device.kind") return "--device";
  return setting == "log.format" ? "--log" : "";
}

// Every setting as a flag of `command`, shown in its help under `group`; hidden where that is empty.
void AddSettingFlags(CLI::App& command, CommandLine& line, const Settings& settings,
                     const std::string& group) {
  command.add_option("--config", line.config_file, "TOML file of settings (PROOFLODE_CONFIG)")->group(group);
  for (const Setting& setting : settings.table()) {
    const std::string& name = setting.name;
    const std::string flag = Settings::FlagName(name);
    const std::string short_flag = ShortFlag(name);
    const bool boolean = setting.kind == SettingKind::kFlag;
    CLI::Option* option = command.add_option_function<std::string>(
        short_flag.empty() ? flag : flag + "," + short_flag,
        [&line, name, flag, short_flag, boolean](const std::string& value) {
          const std::string text = boolean && value.empty() ? "true" : value;
          line.settings[name] = {text, line.IsTyped(flag) || short_flag.empty() ? flag : short_flag};
        },
        absl::StrCat(setting.help, " (", Settings::EnvironmentName(name), ")"));
    option->type_name("VALUE")->group(group);
    if (boolean) option->expected(0, 1);
  }
}

int Main(int argc, char** argv) {
  if (IsWorkerCommandLine(argc, argv)) return WorkerMain(argc, argv);
  client::NoticeConnectionsSoon();
  CLI::App app("Proves for a prooflode market and is paid for the races it wins", "prooflode-miner");
  app.require_subcommand(1);
  app.set_version_flag("--version", "prooflode-miner " PROOFLODE_VERSION);
  app.fallthrough();
  CommandLine line;
  line.words.assign(argv + 1, argv + std::max(argc, 1));
  Config values;
  Settings settings = SettingsOf(values);
  AddSettingFlags(app, line, settings, "");  // in front of a command they work, too
  AddSettingFlags(*app.add_subcommand("run", "Mine until told to stop"), line, settings, kSettingsGroup);
  AddSettingFlags(*app.add_subcommand("selftest", "Prove a small circuit and check the proof"), line,
                  settings, kSettingsGroup);
  CLI::App* status = app.add_subcommand("status", "What the miner on this machine does");
  status->add_flag("--json", line.json, "Print the JSON of /api/v1/status");
  status->footer("Asks the address of --http.");
  app.add_subcommand("drain", "Tell the miner of --data to finish its work and stop");
  CLI::App* config = app.add_subcommand("config", "Check or print the settings");
  config->require_subcommand(1);
  AddSettingFlags(*config->add_subcommand("check", "Exit code 78 when something is wrong"), line, settings,
                  kSettingsGroup);
  AddSettingFlags(*config->add_subcommand("print", "Print the effective settings and where each came from"),
                  line, settings, kSettingsGroup);
  app.add_subcommand("version", "Print the version");
  app.footer(
      "Every setting is a flag, a PROOFLODE_ variable and a line of a file: see `prooflode-miner run "
      "--help`.\n"
      "Exit codes: 0 ok, 1 error, 2 usage, 3 no device, 4 self-test failed, 6 no miner answers, 78 bad "
      "configuration.\n"
      "Example: prooflode-miner run --coordinator https://market.example:7443");
  try {  // CLI11 throws.
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "prooflode-miner: %s\nsee `%s --help`\n", UsageError(app, error.what()).c_str(),
                 ChosenCommand(app).c_str());
    return kExitUsage;
  }
  return Dispatch(app, line, values, settings);
}

}  // namespace
}  // namespace prooflode::miner

int main(int argc, char** argv) { return prooflode::miner::Main(argc, argv); }
