#include "prover/prover.h"

#include <utility>

#include "prover/groth16/verify.h"

namespace prooflode {
namespace {

class CpuProver final : public Prover {
 public:
  CpuProver(groth16::ProvingKey key, Random& random, Clock& clock, ThreadPool& pool)
      : key_(std::move(key)), verifier_(key_.verifying_key), random_(random), clock_(clock), pool_(pool) {}

  const groth16::ProvingKey& key() const override { return key_; }

  StatusOr<ProofResult> Prove(const Witness& witness, const CancelToken* cancel) override {
    ProofResult result;
    const Micros start = clock_.MonotonicNow();
    PL_ASSIGN_OR_RETURN(result.proof,
                        groth16::Prove(key_, witness, random_, clock_, pool_, cancel, &result.stages));
    const Micros proven = clock_.MonotonicNow();
    result.public_inputs = groth16::PublicInputs(key_, witness);
    const bool valid = verifier_.Verify(result.public_inputs, result.proof, cancel);
    result.prove_ms = ToMillis(proven - start);
    result.verify_ms = ToMillis(clock_.MonotonicNow() - proven);
    if (!valid) {
      if (IsCancelled(cancel)) return absl::CancelledError("proving was cancelled");
      return absl::DataLossError(
          "the proof does not verify: the witness does not satisfy the circuit of this key, or this machine "
          "computes wrongly");
    }
    return result;
  }

 private:
  const groth16::ProvingKey key_;
  const groth16::Verifier verifier_;
  Random& random_;
  Clock& clock_;
  ThreadPool& pool_;
};

}  // namespace

std::unique_ptr<Prover> MakeCpuProver(groth16::ProvingKey key, Random& random, Clock& clock,
                                      ThreadPool& pool) {
  return std::make_unique<CpuProver>(std::move(key), random, clock, pool);
}

}  // namespace prooflode
