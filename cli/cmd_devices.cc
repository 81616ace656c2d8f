// prooflode devices: what this machine can prove with.
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "kernels/host/cpu_features.h"
#include "kernels/host/cpu_path.h"

namespace prooflode::cli {
namespace {

std::string CpuModel() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    if (!line.starts_with("model name")) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

std::vector<std::string> FeatureNames() {
  const CpuFeatures& features = HostCpuFeatures();
  std::vector<std::string> names;
  if (features.bmi2) names.push_back("bmi2");
  if (features.adx) names.push_back("adx");
  if (features.avx512_ifma) names.push_back("avx512_ifma");
  return names;
}

StatusOr<ExitCode> RunDevices(bool json) {
  const std::vector<std::string> features = FeatureNames();
  const std::vector<std::string_view> found = SupportedCpuPaths();
  const std::vector<std::string> paths(found.begin(), found.end());
  const unsigned threads = ThreadPool::UsableProcessors();
  if (json) {
    Json cpu = {{"id", "cpu"},          {"model", CpuModel()},
                {"threads", threads},   {"features", Json(features)},
                {"paths", Json(paths)}, {"path", CpuPathName()}};
    PrintJson({{"devices", Json::array({cpu})}, {"accelerator_backends", Json::array()}});
    return ExitCode::kOk;
  }
  PrintLine(absl::StrFormat("cpu  %s, %d usable threads", CpuModel(), threads));
  PrintLine(absl::StrFormat("     features: %s; --cpu paths: %s (in use: %s)",
                            features.empty() ? "none of those used" : absl::StrJoin(features, ", "),
                            absl::StrJoin(paths, ", "), std::string(CpuPathName())));
  PrintLine("No accelerator backend is built into this version.");
  return ExitCode::kOk;
}

}  // namespace

void AddDevices(CLI::App& app, Session& session) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      AddCommand(app, session, "devices", "List what this machine can prove with",
                 "Example:\n  prooflode devices --json", [json] { return RunDevices(*json); });
  AddJsonFlag(*command, *json);
}

}  // namespace prooflode::cli
