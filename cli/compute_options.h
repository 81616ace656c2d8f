// The flags of every command that computes: which device, which instructions, how many threads.
#pragma once

#include <memory>
#include <string>

#include "base/thread_pool.h"
#include "cli/session.h"

namespace prooflode::cli {

struct ComputeOptions {
  std::string device = "auto";
  std::string cpu;       // empty: the fastest path
  unsigned threads = 0;  // 0: every processor this process may use
};

// What --threads asks for, or every processor that this process may use where it was not given.
unsigned ThreadCount(unsigned threads);
void AddThreadsFlag(CLI::App& command, unsigned& threads);
// Says so where the system granted `pool` fewer threads than `asked`, which is as in ThreadCount. Results
// tell pool.threads().
void NoteFewerThreads(const ThreadPool& pool, unsigned asked);

void AddComputeFlags(CLI::App& command, ComputeOptions& options);

// Applies --cpu and says whether the device is there. Otherwise prints why not and gives kNoDevice, or kUsage
// for a path that does not exist.
ExitCode SelectDevice(const ComputeOptions& options);

}  // namespace prooflode::cli
