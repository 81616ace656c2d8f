// The miner's side of a worker process: starts it, hands it jobs, notices when it dies or hangs and starts
// another. The worker shares nothing with the miner but a socket and the files of the job.
//
// Thread-safe. Results come on a thread of the object, exactly one for every accepted job.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/env.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/status.h"
#include "miner/worker/channel.h"
#include "prover/groth16/prove.h"

namespace prooflode::miner {

struct WorkerOptions {
  std::string program = "/proc/self/exe";
  unsigned threads = 1;
  // Keys are kept in memory up to this; the last one is always kept.
  uint64_t key_memory_bytes = uint64_t{4} << 30;
  // A worker that has not answered a cancel for so long hangs.
  Micros cancel_limit = Seconds(30);
};

struct WorkerJob {
  uint64_t id = 0;  // chosen by the caller, never twice
  Digest circuit{};
  bool allow_insecure_setup = false;
  UniqueFd zkey;
  UniqueFd witness;
  Digest public_inputs{};  // SHA-256 of the statement's, in wire form: what the witness has to contain
  Micros limit{};          // a worker that takes longer hangs
  Micros load_limit{};     // how long a cancel may wait for the key to be read
};

struct WorkerResult {
  uint64_t id = 0;
  // kCancelled; kDataLoss when no proof verified, twice; kInvalidArgument and the like for bad files;
  // kUnavailable when the process died; kDeadlineExceeded when it hung.
  Status status;
  std::array<uint8_t, 256> proof{};
  bool warm = false;
  uint32_t self_verify_failures = 0;
  double load_ms = 0;
  double prove_ms = 0;
  double verify_ms = 0;
  groth16::StageTimes stages;
};

class WorkerProcess {
 public:
  using OnResult = std::function<void(const WorkerResult&)>;

  // `clock` must outlive the object; `on_result` must not destroy it.
  static StatusOr<std::unique_ptr<WorkerProcess>> Start(const WorkerOptions& options, Clock& clock,
                                                        OnResult on_result);
  // Kills the worker; a job under way gets no result.
  ~WorkerProcess();

  // kFailedPrecondition while another job is under way.
  Status Prove(WorkerJob job);
  // Its result comes soon and is kCancelled, unless the proof was made already. No job of that id: nothing.
  void Cancel(uint64_t id);

  // How many workers died or were killed for hanging.
  int restarts() const;
  pid_t pid() const;

 private:
  struct Current {
    uint64_t id = 0;
    Digest public_inputs{};
    Micros hangs_at{};
    Micros load_limit{};
    bool cancelled = false;
  };

  WorkerProcess(const WorkerOptions& options, Clock& clock, OnResult on_result)
      : options_(options), clock_(clock), on_result_(std::move(on_result)) {}
  Status Spawn() PL_REQUIRES(mutex_);
  void Watch();
  std::optional<WorkerResult> ReadMessage(int socket);
  // Logs what the worker wrote to its standard error, within limits.
  void Relay() PL_REQUIRES(mutex_);
  std::optional<WorkerResult> CheckHang();
  // Kills and replaces the process; the result of its job, if it had one.
  std::optional<WorkerResult> Replace(absl::StatusCode code, std::string_view why);
  WorkerResult Judge(const FromWorker& message) const PL_REQUIRES(mutex_);
  // Kills, waits, and says how the process ended.
  std::string Reap() PL_REQUIRES(mutex_);

  const WorkerOptions options_;
  Clock& clock_;
  const OnResult on_result_;
  mutable Mutex mutex_;
  UniqueFd socket_ PL_GUARDED_BY(mutex_);
  UniqueFd errors_ PL_GUARDED_BY(mutex_);     // the end of a pipe that is read without waiting
  size_t relayed_ PL_GUARDED_BY(mutex_) = 0;  // bytes, of this process
  pid_t pid_ PL_GUARDED_BY(mutex_) = -1;
  int restarts_ PL_GUARDED_BY(mutex_) = 0;
  bool stopping_ PL_GUARDED_BY(mutex_) = false;
  std::optional<Current> current_ PL_GUARDED_BY(mutex_);
  std::thread watcher_;
};

}  // namespace prooflode::miner
