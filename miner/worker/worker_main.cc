#include "miner/worker/worker_main.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/crypto.h"
#include "base/mutex.h"
#include "base/real_env.h"
#include "miner/worker/channel.h"
#include "miner/worker/key_cache.h"
#include "miner/worker/sandbox.h"
#include "prover/format/json.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"

namespace prooflode::miner {
namespace {

struct Task {
  ToWorker request;
  UniqueFd zkey;
  UniqueFd witness;
};

// Proves on a thread of its own while the main thread listens for cancels.
class Worker {
 public:
  Worker(unsigned threads, uint64_t key_memory_bytes) : pool_(threads), keys_(key_memory_bytes) {
    thread_ = std::thread([this] { ProveForEver(); });
  }

  // Returns when the socket closes or speaks nonsense.
  Status Listen() {
    FromWorker ready;
    ready.type = FromWorker::kReady;
    PL_RETURN_IF_ERROR(SendMessage(kWorkerSocket, MessageBytes(ready), {}));
    while (true) {
      Task task;
      std::vector<UniqueFd> files;
      PL_ASSIGN_OR_RETURN(const bool more,
                          ReceiveMessage(kWorkerSocket, MutableMessageBytes(task.request), &files));
      if (!more) return absl::OkStatus();
      if (task.request.type == ToWorker::kCancel) {
        MutexLock lock(mutex_);
        if (task.request.job == job_) cancel_->Cancel();
        continue;
      }
      if (task.request.type != ToWorker::kProve || files.size() != 2) {
        return absl::InvalidArgumentError("unknown request");
      }
      task.zkey = std::move(files[0]);
      task.witness = std::move(files[1]);
      MutexLock lock(mutex_);
      job_ = task.request.job;
      cancel_ = std::make_shared<CancelToken>();
      task_ = std::move(task);
      changed_.NotifyOne();
    }
  }

 private:
  void ProveForEver() {
    while (true) {
      Task task;
      std::shared_ptr<CancelToken> cancel;
      {
        MutexLock lock(mutex_);
        while (!task_) changed_.Wait(mutex_);
        task = std::move(*task_);
        task_.reset();
        cancel = cancel_;
      }
      FromWorker result;
      result.type = FromWorker::kResult;
      result.job = task.request.job;
      const Status status = Prove(task, *cancel, result);
      result.code = static_cast<int32_t>(status.code());
      const std::string_view message = FromSv(status.message()).substr(0, FromWorker::kMessageMax);
      result.message_bytes = static_cast<uint32_t>(message.size());
      std::copy(message.begin(), message.end(), result.message.begin());
      if (!SendMessage(kWorkerSocket, MessageBytes(result), {}).ok()) _exit(0);
    }
  }

  Status Prove(const Task& task, const CancelToken& cancel, FromWorker& result) {
    const Micros begun = clock_.MonotonicNow();
    Prover* prover = keys_.Find(task.request.circuit);
    result.warm = prover != nullptr;
    if (prover == nullptr) {
      PL_ASSIGN_OR_RETURN(prover, Load(task, cancel));
    }
    PL_ASSIGN_OR_RETURN(const Witness witness, ReadWtnsFd(task.witness.get(), "witness", &cancel));
    result.load_ms = ToMillis(clock_.MonotonicNow() - begun);
    return ProveVerified(*prover, witness, cancel, result);
  }

  StatusOr<Prover*> Load(const Task& task, const CancelToken& cancel) {
    PL_ASSIGN_OR_RETURN(const uint64_t bytes, FileSize(task.zkey.get(), "zkey"));
    keys_.MakeRoom(bytes);
    const ZkeyOptions options{.allow_insecure_setup = task.request.allow_insecure_setup != 0,
                              .cancel = &cancel};
    PL_ASSIGN_OR_RETURN(groth16::ProvingKey key, ReadZkeyFd(task.zkey.get(), "zkey", options, pool_));
    return keys_.Add(task.request.circuit, MakeCpuProver(std::move(key), random_, clock_, pool_), bytes);
  }

  // A proof that does not verify is tried once more: memory errors pass, a bad witness does not.
  Status ProveVerified(Prover& prover, const Witness& witness, const CancelToken& cancel,
                       FromWorker& result) {
    StatusOr<ProofResult> proven = prover.Prove(witness, &cancel);
    if (proven.status().code() == absl::StatusCode::kDataLoss) {
      ++result.self_verify_failures;
      proven = prover.Prove(witness, &cancel);
      if (proven.status().code() == absl::StatusCode::kDataLoss) ++result.self_verify_failures;
    }
    if (!proven.ok()) return proven.status();
    result.proof = EncodeProof(proven->proof);
    result.public_inputs = Sha256(AsBytes(EncodePublicInputs(proven->public_inputs)));
    result.prove_ms = proven->prove_ms;
    result.verify_ms = proven->verify_ms;
    const groth16::StageTimes& s = proven->stages;
    result.stages_ms = {s.quotient_ms, s.msm_a_ms, s.msm_b1_ms, s.msm_b2_ms,
                        s.msm_c_ms,    s.msm_h_ms, s.finish_ms};
    return absl::OkStatus();
  }

  RealClock clock_;
  RealRandom random_;
  ThreadPool pool_;
  KeyCache keys_;
  Mutex mutex_;
  CondVar changed_;
  std::optional<Task> task_ PL_GUARDED_BY(mutex_);
  uint64_t job_ PL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<CancelToken> cancel_ PL_GUARDED_BY(mutex_) = std::make_shared<CancelToken>();
  std::thread thread_;
};

}  // namespace

std::vector<std::string> WorkerArguments(unsigned threads, uint64_t key_memory_bytes) {
  return {kWorkerCommand, absl::StrCat(threads), absl::StrCat(key_memory_bytes)};
}

bool IsWorkerCommandLine(int argc, char** argv) {
  return argc == 4 && std::string_view(argv[1]) == kWorkerCommand;
}

int WorkerMain(int argc, char** argv) {
  uint32_t threads = 0;
  uint64_t key_memory_bytes = 0;
  if (!IsWorkerCommandLine(argc, argv) || !absl::SimpleAtoi(argv[2], &threads) || threads == 0 ||
      !absl::SimpleAtoi(argv[3], &key_memory_bytes)) {
    std::fprintf(stderr, "prooflode worker: started by hand; it is started by the miner\n");
    return 2;
  }
  // OpenSSL reads its configuration at first use, which must be before files can no longer be opened.
  Sha256({});
  if (const Status status = EnterSandbox(kWorkerSocket + 1); !status.ok()) {
    std::fprintf(stderr, "prooflode worker: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  auto* worker = new Worker(threads, key_memory_bytes);
  const Status status = worker->Listen();
  if (!status.ok()) std::fprintf(stderr, "prooflode worker: %s\n", std::string(status.message()).c_str());
  // A proof may still be running on other threads; nothing of it is wanted any more.
  _exit(status.ok() ? 0 : 1);
}

}  // namespace prooflode::miner
