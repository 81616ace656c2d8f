#include "miner/self_test.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "base/crypto.h"
#include "miner/work/private_folder.h"
#include "prover/format/json.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/groth16/prove.h"
#include "prover/groth16/verify.h"
#include "prover/workload/workload.h"

namespace prooflode::miner {
namespace {

constexpr uint32_t kHashes = 2;
constexpr Micros kLimit = Seconds(60);

// Waits for one result of a worker.
class Inbox {
 public:
  void Put(const WorkerResult& result) {
    MutexLock lock(mutex_);
    result_ = result;
    changed_.NotifyAll();
  }
  WorkerResult Wait() {
    MutexLock lock(mutex_);
    while (!result_) changed_.Wait(mutex_);
    return *result_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::optional<WorkerResult> result_ PL_GUARDED_BY(mutex_);
};

StatusOr<SelfTestResult> RunIn(const std::string& folder, const WorkerOptions& options, Clock& clock,
                               Random& random) {
  ThreadPool pool(options.threads);
  PL_ASSIGN_OR_RETURN(const workload::Circuit circuit,
                      workload::Build(workload::Kind::kPoseidon, kHashes, random));
  PL_ASSIGN_OR_RETURN(const groth16::ProvingKey key, groth16::InsecureSetup(circuit.system, random, pool));
  const std::string zkey = folder + "/key.zkey";
  const std::string witness = folder + "/witness.wtns";
  PL_RETURN_IF_ERROR(WriteZkey(zkey, key));
  PL_RETURN_IF_ERROR(WriteWtns(witness, circuit.witness));
  const std::vector<Fr> inputs = groth16::PublicInputs(key, circuit.witness);

  Inbox inbox;
  PL_ASSIGN_OR_RETURN(
      const auto worker,
      WorkerProcess::Start(options, clock, [&inbox](const WorkerResult& r) { inbox.Put(r); }));
  WorkerJob job;
  job.id = 1;
  PL_ASSIGN_OR_RETURN(job.zkey, OpenForReading(zkey));
  PL_ASSIGN_OR_RETURN(job.witness, OpenForReading(witness));
  job.public_inputs = Sha256(AsBytes(EncodePublicInputs(inputs)));
  job.limit = kLimit;
  PL_RETURN_IF_ERROR(worker->Prove(std::move(job)));
  const WorkerResult result = inbox.Wait();
  PL_RETURN_IF_ERROR(result.status);
  PL_ASSIGN_OR_RETURN(const groth16::Proof proof, DecodeProof(result.proof));
  if (!groth16::Verifier(key.verifying_key).Verify(inputs, proof)) {
    return absl::DataLossError("the worker's proof does not verify here");
  }
  return SelfTestResult{circuit.system.constraint_count(), result.prove_ms, result.verify_ms};
}

}  // namespace

StatusOr<SelfTestResult> RunSelfTest(const WorkerOptions& worker, const std::string& folder, Clock& clock,
                                     Random& random) {
  const std::string own = folder + "/selftest";
  std::error_code ignored;
  std::filesystem::remove_all(own, ignored);
  PL_RETURN_IF_ERROR(OpenPrivateFolder(own).status());
  StatusOr<SelfTestResult> result = RunIn(own, worker, clock, random);
  std::filesystem::remove_all(own, ignored);
  return result;
}

}  // namespace prooflode::miner
