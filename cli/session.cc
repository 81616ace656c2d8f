#include "cli/session.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/printable.h"

namespace prooflode::cli {
namespace {

constexpr char kUsagePayload[] = "prooflode/usage";

}  // namespace

Status Usage(Status status) {
  if (!status.ok()) status.SetPayload(kUsagePayload, absl::Cord("1"));
  return status;
}

bool IsUsage(const Status& status) { return status.GetPayload(kUsagePayload).has_value(); }

void PrintJson(const Json& value) { PrintLine(value.dump(1, ' ', false, Json::error_handler_t::replace)); }

void PrintLine(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

void PrintNote(std::string_view line) {
  const std::string text = absl::StrCat("prooflode: ", Printable(line), "\n");
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void PrintError(std::string_view line) { PrintNote(absl::StrCat("error: ", Sv(line))); }

std::string HumanBytes(uint64_t bytes) {
  const char* const units[] = {"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? absl::StrFormat("%d B", bytes) : absl::StrFormat("%.1f %s", value, units[unit]);
}

double RoundMs(double ms) { return std::round(ms * 1000) / 1000; }

uint64_t PeakRssBytes() {
  // Not getrusage: its figure outlives exec and would tell the parent's size.
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

void AddJsonFlag(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "Print the result as JSON")->envname("PROOFLODE_JSON");
}

CLI::App* AddCommand(CLI::App& parent, Session& session, const std::string& name,
                     const std::string& description, const std::string& footer, Body run) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->footer(footer);
  command->callback([&session, command, run = std::move(run)] {
    session.body = run;
    session.doing = absl::StrCat("running ", command->get_name());
  });
  return command;
}

}  // namespace prooflode::cli
