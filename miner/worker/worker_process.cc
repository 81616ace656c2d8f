#include "miner/worker/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/log.h"
#include "miner/worker/worker_main.h"

namespace prooflode::miner {
namespace {

constexpr int kPollMs = 100;
// Before the next start of a worker that died without a job, or could not be started.
constexpr Micros kRestartPause = Seconds(1);

// What a worker may say before the rest is dropped.
constexpr size_t kRelayMax = 16 << 10;

double Sane(double ms) { return std::isfinite(ms) && ms >= 0 ? ms : 0; }

// posix_spawn's file actions, released at the end of the scope.
class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Default signals, none blocked, and a session of its own: a Ctrl-C at the terminal is for the miner, which
// decides what becomes of the proof, and the worker has no terminal at all.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(const WorkerOptions& options, Clock& clock,
                                                              OnResult on_result) {
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(options, clock, std::move(on_result)));
  {
    MutexLock lock(worker->mutex_);
    PL_RETURN_IF_ERROR(worker->Spawn());
  }
  worker->watcher_ = std::thread([w = worker.get()] { w->Watch(); });
  return worker;
}

WorkerProcess::~WorkerProcess() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (pid_ > 0) kill(pid_, SIGKILL);
  }
  if (watcher_.joinable()) watcher_.join();
  MutexLock lock(mutex_);
  Reap();
}

Status WorkerProcess::Spawn() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return ErrnoStatus(errno, "socketpair");
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe2");
  UniqueFd errors(pipe_ends[0]);
  UniqueFd their_errors(pipe_ends[1]);
  if (fcntl(errors.get(), F_SETFL, O_NONBLOCK) != 0) return ErrnoStatus(errno, "O_NONBLOCK");
  FileActions actions;
  posix_spawn_file_actions_adddup2(actions.get(), their_errors.get(), 2);
  posix_spawn_file_actions_adddup2(actions.get(), theirs.get(), kWorkerSocket);
  posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(actions.get(), 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), kWorkerSocket + 1);
  std::vector<std::string> arguments = WorkerArguments(options_.threads, options_.key_memory_bytes);
  arguments.insert(arguments.begin(), "prooflode-worker");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // Nothing of our environment is the worker's business.
  char* environment[] = {nullptr};
  pid_t pid = -1;
  const SpawnAttributes attributes;
  const int error =
      posix_spawn(&pid, options_.program.c_str(), actions.get(), attributes.get(), argv.data(), environment);
  if (error != 0) return ErrnoStatus(error, absl::StrCat("starting worker ", options_.program));
  socket_ = std::move(ours);
  errors_ = std::move(errors);
  relayed_ = 0;
  pid_ = pid;
  return absl::OkStatus();
}

Status WorkerProcess::Prove(WorkerJob job) {
  MutexLock lock(mutex_);
  if (current_) return absl::FailedPreconditionError("the worker is busy");
  if (!socket_.valid()) return absl::UnavailableError("the worker process could not be started");
  ToWorker request;
  request.type = ToWorker::kProve;
  request.allow_insecure_setup = job.allow_insecure_setup ? 1 : 0;
  request.job = job.id;
  request.circuit = job.circuit;
  PL_RETURN_IF_ERROR(SendMessage(socket_.get(), MessageBytes(request), {job.zkey.get(), job.witness.get()}));
  current_ = Current{job.id, job.public_inputs, clock_.MonotonicNow() + job.limit, job.load_limit, false};
  return absl::OkStatus();
}

void WorkerProcess::Cancel(uint64_t id) {
  MutexLock lock(mutex_);
  if (!current_ || current_->id != id || current_->cancelled) return;
  current_->cancelled = true;
  current_->hangs_at =
      std::min(current_->hangs_at, clock_.MonotonicNow() + options_.cancel_limit + current_->load_limit);
  ToWorker request;
  request.type = ToWorker::kCancel;
  request.job = id;
  // If it is gone, the watcher will find out.
  SendMessage(socket_.get(), MessageBytes(request), {}).IgnoreError();
}

int WorkerProcess::restarts() const {
  MutexLock lock(mutex_);
  return restarts_;
}

pid_t WorkerProcess::pid() const {
  MutexLock lock(mutex_);
  return pid_;
}

void WorkerProcess::Watch() {
  while (true) {
    int socket;
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      if (!socket_.valid()) {
        if (const Status status = Spawn(); !status.ok()) LogError("worker", "%s", status.ToString());
      }
      socket = socket_.get();
    }
    if (socket < 0) {
      clock_.Sleep(kRestartPause);
      continue;
    }
    pollfd wanted{socket, POLLIN, 0};
    const int ready = poll(&wanted, 1, kPollMs);
    {
      MutexLock lock(mutex_);
      Relay();
    }
    const std::optional<WorkerResult> result = ready > 0 ? ReadMessage(socket) : CheckHang();
    if (result) on_result_(*result);
  }
}

std::optional<WorkerResult> WorkerProcess::ReadMessage(int socket) {
  FromWorker message;
  const StatusOr<bool> received = ReceiveMessage(socket, MutableMessageBytes(message), nullptr);
  if (!received.ok()) {
    return Replace(absl::StatusCode::kUnavailable, FromSv(received.status().message()));
  }
  if (!*received) return Replace(absl::StatusCode::kUnavailable, "the worker process died");
  if (message.type == FromWorker::kReady) return std::nullopt;
  {
    MutexLock lock(mutex_);
    if (message.type == FromWorker::kResult && current_ && current_->id == message.job) {
      WorkerResult result = Judge(message);
      current_.reset();
      return result;
    }
  }
  return Replace(absl::StatusCode::kUnavailable, "the worker process sent a message that makes no sense");
}

void WorkerProcess::Relay() {
  std::array<char, 1024> text;
  while (errors_.valid()) {
    const ssize_t got = read(errors_.get(), text.data(), text.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return errors_.reset();
    // More is read and dropped, so that the worker never waits for us.
    const bool first_too_many = relayed_ < kRelayMax && relayed_ + static_cast<size_t>(got) >= kRelayMax;
    const bool drop = relayed_ >= kRelayMax;
    relayed_ += static_cast<size_t>(got);
    if (drop) continue;
    for (const absl::string_view line :
         absl::StrSplit(absl::string_view(text.data(), static_cast<size_t>(got)), '\n', absl::SkipEmpty())) {
      LogWarning("worker", "it says: %s", line);
    }
    if (first_too_many) LogWarning("worker", "it says more, which is dropped");
  }
}

std::optional<WorkerResult> WorkerProcess::CheckHang() {
  {
    MutexLock lock(mutex_);
    if (!current_ || clock_.MonotonicNow() < current_->hangs_at) return std::nullopt;
  }
  return Replace(absl::StatusCode::kDeadlineExceeded, "the worker process hung");
}

std::optional<WorkerResult> WorkerProcess::Replace(absl::StatusCode code, std::string_view why) {
  std::optional<WorkerResult> result;
  bool pause = false;
  {
    MutexLock lock(mutex_);
    if (stopping_) return std::nullopt;
    const std::string how = absl::StrCat(Sv(why), " (", Reap(), ")");
    ++restarts_;
    if (current_) {
      result.emplace();
      result->id = current_->id;
      // One that was to stop has stopped.
      result->status = current_->cancelled ? absl::CancelledError(how) : Status(code, how);
      current_.reset();
    } else {
      LogWarning("worker", "%s; starting another", how);
      pause = true;
    }
  }
  if (pause) clock_.Sleep(kRestartPause);
  return result;
}

std::string WorkerProcess::Reap() {
  socket_.reset();
  if (pid_ <= 0) return "not running";
  kill(pid_, SIGKILL);
  int state = 0;
  pid_t reaped;
  do {
    reaped = waitpid(pid_, &state, 0);
  } while (reaped < 0 && errno == EINTR);
  pid_ = -1;
  Relay();
  if (WIFSIGNALED(state)) return absl::StrCat("signal ", WTERMSIG(state));
  return absl::StrCat("exit status ", WEXITSTATUS(state));
}

WorkerResult WorkerProcess::Judge(const FromWorker& message) const {
  WorkerResult result;
  result.id = message.job;
  result.warm = message.warm != 0;
  result.self_verify_failures = std::min(message.self_verify_failures, 2u);
  result.load_ms = Sane(message.load_ms);
  result.prove_ms = Sane(message.prove_ms);
  result.verify_ms = Sane(message.verify_ms);
  std::array<double, FromWorker::kStages> ms;
  std::transform(message.stages_ms.begin(), message.stages_ms.end(), ms.begin(), Sane);
  result.stages = {ms[0], ms[1], ms[2], ms[3], ms[4], ms[5], ms[6]};
  if (message.code != 0) {
    const size_t length = std::min<size_t>(message.message_bytes, FromWorker::kMessageMax);
    const bool known =
        message.code > 0 && message.code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
    result.status = Status(known ? static_cast<absl::StatusCode>(message.code) : absl::StatusCode::kUnknown,
                           absl::string_view(message.message.data(), length));
  } else if (message.public_inputs != current_->public_inputs) {
    result.status = absl::InvalidArgumentError("the witness has other public inputs than the job says");
  } else {
    result.proof = message.proof;
  }
  return result;
}

}  // namespace prooflode::miner
