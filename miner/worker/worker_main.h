// The worker process: reads keys and witnesses from open files that it is handed, proves, verifies its own
// proofs, answers. It is started by WorkerProcess (worker_process.h) as the same program with the arguments
// of WorkerArguments and ends when the socket on descriptor kWorkerSocket closes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prooflode::miner {

constexpr int kWorkerSocket = 3;
constexpr const char* kWorkerCommand = "__worker";

// What to start the program with: the hidden command and its settings.
std::vector<std::string> WorkerArguments(unsigned threads, uint64_t key_memory_bytes);

// Whether these are such arguments; every program that starts workers asks first thing in main().
bool IsWorkerCommandLine(int argc, char** argv);

// Never returns before the socket closes. The exit status.
int WorkerMain(int argc, char** argv);

}  // namespace prooflode::miner
