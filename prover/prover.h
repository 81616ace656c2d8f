// The one interface of every proof system and device: what a miner's worker and the command line prove with,
// and what a coordinator verifies with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "prover/groth16/prove.h"
#include "prover/groth16/types.h"

namespace prooflode {

struct ProofResult {
  groth16::Proof proof;
  std::vector<Fr> public_inputs;
  groth16::StageTimes stages;
  double prove_ms = 0;
  double verify_ms = 0;
};

// Keeps one key warm and proves with it, one proof at a time. Not thread-safe.
class Prover {
 public:
  virtual ~Prover() = default;
  virtual const groth16::ProvingKey& key() const = 0;
  // Never returns a proof that does not verify: that is kDataLoss, "the witness does not satisfy the circuit,
  // or this machine computes wrongly". kCancelled soon after `cancel` is set. Memory, the witness included:
  // the key, and at most 1 KB a constraint and 32 MB beside it.
  virtual StatusOr<ProofResult> Prove(const Witness& witness, const CancelToken* cancel) = 0;
};

// `random`, `clock` and `pool` must outlive the prover.
std::unique_ptr<Prover> MakeCpuProver(groth16::ProvingKey key, Random& random, Clock& clock,
                                      ThreadPool& pool);

}  // namespace prooflode
