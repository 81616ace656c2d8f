// Groth16 proving on the CPU, and test setups from known toxic waste.
#pragma once

#include <string.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "prover/format/r1cs.h"
#include "prover/format/wtns.h"
#include "prover/groth16/types.h"

namespace prooflode::groth16 {

// The blinding of one proof: whoever knows it learns about the witness. Wiped when it is released.
struct Blinding {
  Fr r;
  Fr s;
  ~Blinding() {
    explicit_bzero(&r, sizeof(r));
    explicit_bzero(&s, sizeof(s));
  }
};

struct StageTimes {  // milliseconds
  double quotient_ms = 0;
  double msm_a_ms = 0;
  double msm_b1_ms = 0;
  double msm_b2_ms = 0;
  double msm_c_ms = 0;
  double msm_h_ms = 0;
  double finish_ms = 0;
};

// Makes a proof; blinding is uniform below r, from `random`. kInvalidArgument when the witness does not fit
// the key, kCancelled when `cancel` was set (within 100 ms). The proof is not verified here: an unsatisfied
// witness cannot be seen from a proving key and gives a proof that does not verify (see Prover in
// prover/prover.h).
StatusOr<Proof> Prove(const ProvingKey& key, const Witness& witness, Random& random, Clock& clock,
                      ThreadPool& pool, const CancelToken* cancel = nullptr, StageTimes* times = nullptr);

// For tests alone: chosen blinding, so that a proof can be compared byte for byte.
StatusOr<Proof> ProveWithBlindingForTest(const ProvingKey& key, const Witness& witness,
                                         const Blinding& blinding, ThreadPool& pool);

// The public inputs of a witness, as Fr.
std::vector<Fr> PublicInputs(const ProvingKey& key, const Witness& witness);

// How many constraints the key's circuit has, as its coefficients tell: they end with one row for the
// constant and for each public input.
size_t ConstraintCount(const ProvingKey& key);

// Told what a long computation does next, in a few words, from the thread that called it.
using Progress = std::function<void(std::string_view)>;

// A key from tau, alpha, beta, gamma, delta drawn from `random` (or from a seed, for repeatable tests):
// whoever knows them forges proofs. Same layout as snarkjs (Lagrange basis, H in the odd coset); gamma is
// never ±delta. kInvalidArgument for more than 2^27 rows (constraints, public inputs and one). Cost: seconds
// at 2^16, minutes at 2^20.
StatusOr<ProvingKey> InsecureSetup(const ConstraintSystem& system, Random& random, ThreadPool& pool,
                                   const Progress& progress = {});

}  // namespace prooflode::groth16
