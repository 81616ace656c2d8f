#include "cli/compute_options.h"

#include "base/command_line/device.h"
#include "kernels/host/cpu_path.h"

namespace prooflode::cli {

unsigned ThreadCount(unsigned threads) { return threads != 0 ? threads : ThreadPool::UsableProcessors(); }

void NoteFewerThreads(const ThreadPool& pool, unsigned asked) {
  if (pool.threads() >= ThreadCount(asked)) return;
  PrintNote(absl::StrCat("the system allows ", pool.threads(), " of ", ThreadCount(asked),
                         " threads: a limit on processes or memory"));
}

void AddThreadsFlag(CLI::App& command, unsigned& threads) {
  command
      .add_option("--threads", threads, "Threads to compute with (default: all that this process may use)")
      ->envname("PROOFLODE_THREADS")
      ->check(CLI::Range(1u, 1024u));
}

void AddComputeFlags(CLI::App& command, ComputeOptions& options) {
  command
      .add_option("--device", options.device,
                  "auto or cpu: no accelerator backend is built into this version")
      ->envname("PROOFLODE_DEVICE")
      ->capture_default_str();
  command
      .add_option("--cpu", options.cpu,
                  "Code to compute with, by name (default: the fastest; see `prooflode devices`)")
      ->envname("PROOFLODE_CPU");
  AddThreadsFlag(command, options.threads);
}

ExitCode SelectDevice(const ComputeOptions& options) {
  if (!IsDeviceName(options.device)) {
    PrintError(absl::StrCat("--device \"", options.device, "\": want ", kDeviceNames));
    return ExitCode::kUsage;
  }
  if (const Status found = FindDevice(options.device); !found.ok()) {
    PrintError(absl::StrCat("--device: ", found.message(), " (see `prooflode devices`)"));
    return ExitCode::kNoDevice;
  }
  if (!options.cpu.empty()) {
    if (const Status status = SetCpuPath(options.cpu); !status.ok()) {
      PrintError(absl::StrCat("--cpu: ", status.message()));
      return status.code() == absl::StatusCode::kInvalidArgument ? ExitCode::kUsage : ExitCode::kNoDevice;
    }
  }
  return ExitCode::kOk;
}

}  // namespace prooflode::cli
