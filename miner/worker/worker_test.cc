// Real child processes: this test's binary is the worker too.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>

#include "base/crypto.h"
#include "base/real_env.h"
#include "base/sim/sim_env.h"
#include "miner/worker/key_cache.h"
#include "miner/worker/sandbox.h"
#include "miner/worker/worker_main.h"
#include "miner/worker/worker_process.h"
#include "prover/format/json.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/groth16/prove.h"
#include "prover/groth16/verify.h"
#include "prover/workload/workload.h"

namespace prooflode::miner {
namespace {

// A Poseidon chain of about `hashes` × 246 constraints, its insecure key and witness, on disk.
struct Files {
  std::string zkey;
  std::string witness;
  groth16::VerifyingKey verifying_key;
  std::vector<Fr> public_inputs;
};

class WorkerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = testing::TempDir() + "/prooflode-worker-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    small_ = MakeFiles("small", 3);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }

  static Files MakeFiles(const std::string& name, uint32_t hashes) {
    SimRandom random(hashes);
    ThreadPool pool(2);
    auto circuit = workload::Build(workload::Kind::kPoseidon, hashes, random);
    EXPECT_TRUE(circuit.ok()) << circuit.status();
    auto key = groth16::InsecureSetup(circuit->system, random, pool);
    EXPECT_TRUE(key.ok()) << key.status();
    Files files{folder_ + "/" + name + ".zkey", folder_ + "/" + name + ".wtns", key->verifying_key,
                groth16::PublicInputs(*key, circuit->witness)};
    EXPECT_TRUE(WriteZkey(files.zkey, *key).ok());
    EXPECT_TRUE(WriteWtns(files.witness, circuit->witness).ok());
    return files;
  }

  void StartWorker(WorkerOptions options = {}) {
    options.threads = 2;
    auto worker = WorkerProcess::Start(options, clock_, [this](const WorkerResult& result) {
      MutexLock lock(mutex_);
      results_.push_back(result);
      changed_.NotifyAll();
    });
    ASSERT_TRUE(worker.ok()) << worker.status();
    worker_ = *std::move(worker);
  }

  static WorkerJob MakeJob(uint64_t id, const Files& files) {
    WorkerJob job;
    job.id = id;
    job.circuit = Sha256(AsBytes(files.zkey));
    job.allow_insecure_setup = true;
    job.zkey = *OpenForReading(files.zkey);
    job.witness = *OpenForReading(files.witness);
    job.public_inputs = Sha256(AsBytes(EncodePublicInputs(files.public_inputs)));
    job.limit = Seconds(120);
    return job;
  }

  WorkerResult Wait() {
    MutexLock lock(mutex_);
    while (results_.empty()) {
      if (!changed_.WaitFor(mutex_, std::chrono::minutes(5))) {
        ADD_FAILURE() << "no result";
        return {};
      }
    }
    WorkerResult result = results_.front();
    results_.pop_front();
    return result;
  }

  void ExpectProof(const WorkerResult& result, const Files& files) {
    ASSERT_TRUE(result.status.ok()) << result.status;
    auto proof = DecodeProof(result.proof);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(groth16::Verifier(files.verifying_key).Verify(files.public_inputs, *proof));
  }

  static inline std::string folder_;
  static inline Files small_;
  RealClock clock_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<WorkerResult> results_ PL_GUARDED_BY(mutex_);
  std::unique_ptr<WorkerProcess> worker_;
};

TEST_F(WorkerTest, ProvesAndKeepsTheKeyWarm) {
  StartWorker();
  ASSERT_TRUE(worker_->Prove(MakeJob(1, small_)).ok());
  EXPECT_EQ(worker_->Prove(MakeJob(2, small_)).code(), absl::StatusCode::kFailedPrecondition);
  const WorkerResult first = Wait();
  EXPECT_EQ(first.id, 1u);
  EXPECT_FALSE(first.warm);
  EXPECT_GT(first.prove_ms, 0);
  EXPECT_GT(first.load_ms, 0);
  EXPECT_GT(first.stages.msm_h_ms, 0);
  ExpectProof(first, small_);
  ASSERT_TRUE(worker_->Prove(MakeJob(2, small_)).ok());
  const WorkerResult second = Wait();
  EXPECT_TRUE(second.warm);
  ExpectProof(second, small_);
  EXPECT_NE(first.proof, second.proof);  // fresh blinding
  EXPECT_EQ(worker_->restarts(), 0);
}

TEST_F(WorkerTest, SaysWhatIsWrongWithAFileAndGoesOn) {
  StartWorker();
  const std::string path = folder_ + "/bad.zkey";
  std::ofstream(path) << "zkey, but not really";
  WorkerJob bad = MakeJob(1, small_);
  bad.circuit[0] ^= 1;
  bad.zkey = *OpenForReading(path);
  ASSERT_TRUE(worker_->Prove(std::move(bad)).ok());
  const WorkerResult result = Wait();
  EXPECT_FALSE(result.status.ok());
  EXPECT_THAT(std::string(result.status.message()), testing::HasSubstr("zkey"));
  ASSERT_TRUE(worker_->Prove(MakeJob(2, small_)).ok());
  ExpectProof(Wait(), small_);
  EXPECT_EQ(worker_->restarts(), 0);
}

TEST_F(WorkerTest, AnInsecureKeyNeedsToBeAllowed) {
  // A key whose gamma is delta: what a setup without a second phase gives.
  ThreadPool pool(2);
  auto key = ReadZkey(small_.zkey, {.allow_insecure_setup = true}, pool);
  ASSERT_TRUE(key.ok());
  key->verifying_key.gamma = key->verifying_key.delta;
  const std::string path = folder_ + "/insecure.zkey";
  ASSERT_TRUE(WriteZkey(path, *key).ok());
  StartWorker();
  WorkerJob job = MakeJob(1, small_);
  job.circuit[0] ^= 2;
  job.allow_insecure_setup = false;
  job.zkey = *OpenForReading(path);
  ASSERT_TRUE(worker_->Prove(std::move(job)).ok());
  EXPECT_EQ(Wait().status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(WorkerTest, AnUnsatisfiedWitnessIsTriedTwiceAndReported) {
  auto witness = ReadWtns(small_.witness);
  ASSERT_TRUE(witness.ok());
  witness->values.back() = witness->values[witness->values.size() / 2];
  const std::string path = folder_ + "/bad.wtns";
  ASSERT_TRUE(WriteWtns(path, *witness).ok());
  StartWorker();
  WorkerJob job = MakeJob(1, small_);
  job.witness = *OpenForReading(path);
  ASSERT_TRUE(worker_->Prove(std::move(job)).ok());
  const WorkerResult result = Wait();
  EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss) << result.status;
  EXPECT_EQ(result.self_verify_failures, 2u);
}

TEST_F(WorkerTest, AWitnessOfAnotherStatementIsRefused) {
  StartWorker();
  WorkerJob job = MakeJob(1, small_);
  job.public_inputs[0] ^= 1;
  ASSERT_TRUE(worker_->Prove(std::move(job)).ok());
  EXPECT_EQ(Wait().status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WorkerTest, ACancelStopsAProofAndTheWorkerLives) {
  const Files large = MakeFiles("large", 250);  // 2^16
  StartWorker();
  ASSERT_TRUE(worker_->Prove(MakeJob(1, large)).ok());
  ExpectProof(Wait(), large);
  const pid_t pid = worker_->pid();
  ASSERT_TRUE(worker_->Prove(MakeJob(2, large)).ok());
  worker_->Cancel(7);  // another job's: nothing happens
  clock_.Sleep(Millis(30));
  const Micros begun = clock_.MonotonicNow();
  worker_->Cancel(2);
  const WorkerResult result = Wait();
  RecordProperty("cancel_us", static_cast<int>(Count(clock_.MonotonicNow() - begun)));
  std::printf("cancel took %.1f ms\n", ToMillis(clock_.MonotonicNow() - begun));
  EXPECT_EQ(result.status.code(), absl::StatusCode::kCancelled) << result.status;
  ASSERT_TRUE(worker_->Prove(MakeJob(3, large)).ok());
  const WorkerResult next = Wait();
  EXPECT_TRUE(next.warm);
  ExpectProof(next, large);
  EXPECT_EQ(worker_->pid(), pid);
}

TEST_F(WorkerTest, ACancelledLoadIsTakenUpAgain) {
  StartWorker();
  WorkerJob cold = MakeJob(1, small_);
  cold.circuit[0] ^= 3;  // not in memory yet
  ASSERT_TRUE(worker_->Prove(std::move(cold)).ok());
  worker_->Cancel(1);
  const WorkerResult result = Wait();  // or it was quicker
  EXPECT_TRUE(result.status.ok() || result.status.code() == absl::StatusCode::kCancelled) << result.status;
  ASSERT_TRUE(worker_->Prove(MakeJob(2, small_)).ok());
  ExpectProof(Wait(), small_);
  EXPECT_EQ(worker_->restarts(), 0);
}

TEST_F(WorkerTest, AKilledWorkerIsNoticedAndReplaced) {
  const Files medium = MakeFiles("medium", 120);
  StartWorker();
  ASSERT_TRUE(worker_->Prove(MakeJob(1, medium)).ok());
  kill(worker_->pid(), SIGKILL);
  const WorkerResult result = Wait();
  EXPECT_EQ(result.id, 1u);
  EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(result.status.message()), testing::HasSubstr("signal 9"));
  Status again;
  do {
    clock_.Sleep(Millis(10));
    again = worker_->Prove(MakeJob(2, medium));
  } while (again.code() == absl::StatusCode::kUnavailable);
  ASSERT_TRUE(again.ok()) << again;
  ExpectProof(Wait(), medium);
  EXPECT_EQ(worker_->restarts(), 1);
}

TEST_F(WorkerTest, AHungWorkerIsKilled) {
  StartWorker();
  kill(worker_->pid(), SIGSTOP);
  WorkerJob job = MakeJob(1, small_);
  job.limit = Millis(50);
  ASSERT_TRUE(worker_->Prove(std::move(job)).ok());
  EXPECT_EQ(Wait().status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(WorkerTest, AStoppedWorkerThatIgnoresACancelIsKilled) {
  StartWorker({.cancel_limit = Millis(50)});
  kill(worker_->pid(), SIGSTOP);
  ASSERT_TRUE(worker_->Prove(MakeJob(1, small_)).ok());
  worker_->Cancel(1);
  EXPECT_EQ(Wait().status.code(), absl::StatusCode::kCancelled);
}

TEST_F(WorkerTest, AWorkerHasNoTerminalAndItsWordsAreRelayed) {
  testing::internal::CaptureStderr();
  // A shell in the worker's place, which says too much of the wrong kind and dies.
  const std::string script = folder_ + "/talker";
  std::ofstream(script) << "#!/bin/sh\nprintf 'last \\033[2Jwords\\n' >&2\nexit 3\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  WorkerOptions options;
  options.program = script;
  StartWorker(options);
  while (worker_->restarts() == 0) clock_.Sleep(Millis(10));
  worker_.reset();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, testing::HasSubstr("last ?[2Jwords"));
  StartWorker();
  ASSERT_TRUE(worker_->Prove(MakeJob(1, small_)).ok());  // it is up
  ExpectProof(Wait(), small_);
  EXPECT_EQ(getsid(worker_->pid()), worker_->pid());
}

TEST(SandboxTest, TakesAwayFilesNetworkAndPrograms) {
#if !defined(__x86_64__) || defined(PROOFLODE_SANITIZED)
  GTEST_SKIP() << "no filter in this build";
#endif
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int kept = open("/dev/null", O_RDONLY);
    const int extra = open("/dev/null", O_RDONLY);
    if (!EnterSandbox(extra).ok()) _exit(1);
    if (fcntl(extra, F_GETFD) >= 0) _exit(2);
    if (fcntl(kept, F_GETFD) < 0) _exit(3);
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EPERM) _exit(4);
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM) _exit(5);
    execl("/bin/true", "true", nullptr);
    if (errno != EPERM) _exit(6);
    if (fork() >= 0) _exit(7);
    const auto denied = [](long result) { return result == -1 && errno == EPERM; };
    if (!denied(ioctl(kept, TCGETS, nullptr))) _exit(8);
    if (!denied(kill(getppid(), 0))) _exit(9);
    if (!denied(syscall(SYS_tkill, getppid(), 0))) _exit(10);
    if (!denied(syscall(SYS_tgkill, getppid(), getppid(), 0))) _exit(11);
    if (syscall(SYS_tgkill, getpid(), gettid(), 0) != 0) _exit(12);  // abort() still works
    rlimit limit{};
    if (!denied(prlimit(getppid(), RLIMIT_CORE, nullptr, &limit))) _exit(13);
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0) _exit(14);
    if (!denied(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600))) _exit(15);
    if (!denied(syscall(SYS_msgget, IPC_PRIVATE, IPC_CREAT | 0600))) _exit(16);
    if (!denied(access("/etc/passwd", R_OK))) _exit(17);
    if (!denied(setsid())) _exit(18);
    std::thread([] {}).join();  // threads may still be made
    _exit(0);
  }
  int state = 0;
  ASSERT_EQ(waitpid(child, &state, 0), child);
  EXPECT_TRUE(WIFEXITED(state));
  EXPECT_EQ(WEXITSTATUS(state), 0);
}

TEST(KeyCacheTest, GivesUpTheLongestUnusedAndAlwaysKeepsOne) {
  KeyCache keys(100);
  const auto id = [](uint8_t n) {
    Digest digest{};
    digest[0] = n;
    return digest;
  };
  RealRandom random;
  RealClock clock;
  ThreadPool pool(1);
  SimRandom seed(1);
  auto circuit = workload::Build(workload::Kind::kPoseidon, 1, seed);
  ASSERT_TRUE(circuit.ok());
  auto key = groth16::InsecureSetup(circuit->system, seed, pool);
  ASSERT_TRUE(key.ok());
  const auto prover = [&] { return MakeCpuProver(*key, random, clock, pool); };
  keys.Add(id(1), prover(), 50);
  keys.Add(id(2), prover(), 50);
  EXPECT_NE(keys.Find(id(1)), nullptr);
  keys.Add(id(3), prover(), 50);
  EXPECT_NE(keys.Find(id(1)), nullptr);
  EXPECT_EQ(keys.Find(id(2)), nullptr);
  keys.Add(id(4), prover(), 500);
  EXPECT_EQ(keys.size(), 1u);
  EXPECT_NE(keys.Find(id(4)), nullptr);
}

}  // namespace
}  // namespace prooflode::miner

int main(int argc, char** argv) {
  if (prooflode::miner::IsWorkerCommandLine(argc, argv)) return prooflode::miner::WorkerMain(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
