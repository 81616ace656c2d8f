#include "prover/groth16/prove.h"

#include <algorithm>

#include "base/check.h"
#include "kernels/msm/msm.h"
#include "prover/groth16/quotient.h"
#include "prover/groth16/random_fr.h"

namespace prooflode::groth16 {
namespace {

// Adds the time since the last call to one stage after another.
class Stopwatch {
 public:
  explicit Stopwatch(Clock* clock)
      : clock_(clock), last_(clock == nullptr ? Micros{} : clock->MonotonicNow()) {}
  double LapMs() {
    if (clock_ == nullptr) return 0;
    const Micros now = clock_->MonotonicNow();
    const double lap_ms = ToMillis(now - last_);
    last_ = now;
    return lap_ms;
  }

 private:
  Clock* clock_;
  Micros last_;
};

// The unblinded sums over the key's sections.
struct Sums {
  G1Xyzz a;
  G1Xyzz b1;
  G2Xyzz b2;
  G1Xyzz c;
  G1Xyzz h;
};

Status CheckFits(const ProvingKey& key, const Witness& witness) {
  if (witness.values.size() != key.variable_count) {
    return absl::InvalidArgumentError(absl::StrCat("the witness has ", witness.values.size(),
                                                   " values; this circuit's key wants ", key.variable_count,
                                                   ": they belong to different circuits"));
  }
  const size_t n = key.variable_count;
  PL_CHECK(n > key.public_count);
  PL_CHECK(key.a.size() == n && key.b1.size() == n && key.b2.size() == n);
  PL_CHECK(key.c.size() == n - key.public_count - 1);
  PL_CHECK(key.h.size() == key.domain_size());
  return absl::OkStatus();
}

StatusOr<Sums> ComputeSums(const ProvingKey& key, const Witness& witness, Stopwatch& watch, ThreadPool& pool,
                           const CancelToken* cancel, StageTimes& times) {
  Sums sums;
  const MsmOptions options{.cancel = cancel};
  {  // The quotient first: its buffers are gone before the sums over the witness need theirs.
    PL_ASSIGN_OR_RETURN(SecretBuffer quotient, QuotientScalars(key, witness, pool, cancel));
    times.quotient_ms = watch.LapMs();
    sums.h = MsmG1(key.h, quotient.integers(), pool, options);
    times.msm_h_ms = watch.LapMs();
  }
  const std::span<const Limbs> values(witness.values);
  sums.a = MsmG1(key.a, values, pool, options);
  times.msm_a_ms = watch.LapMs();
  sums.b1 = MsmG1(key.b1, values, pool, options);
  times.msm_b1_ms = watch.LapMs();
  sums.b2 = MsmG2(key.b2, values, pool, options);
  times.msm_b2_ms = watch.LapMs();
  sums.c = MsmG1(key.c, values.subspan(key.public_count + 1), pool, options);
  times.msm_c_ms = watch.LapMs();
  if (IsCancelled(cancel)) return absl::CancelledError("proving was cancelled");
  return sums;
}

// Groth 2016, section 3.2: A = alpha + sum + r·delta, B = beta + sum + s·delta, C = sum + h + s·A + r·B1 -
// r·s·delta.
Proof Blind(const ProvingKey& key, const Sums& sums, const Blinding& blinding) {
  const Limbs r = blinding.r.ToCanonical();
  const Limbs s = blinding.s.ToCanonical();
  const VerifyingKey& vk = key.verifying_key;
  const G1Affine a = (sums.a + vk.alpha + ScalarMul(key.delta_g1, r)).ToAffine();
  const G2Affine b = (sums.b2 + vk.beta + ScalarMul(vk.delta, s)).ToAffine();
  const G1Affine b1 = (sums.b1 + key.beta_g1 + ScalarMul(key.delta_g1, s)).ToAffine();
  const Limbs minus_rs = (-(blinding.r * blinding.s)).ToCanonical();
  const G1Xyzz c = sums.c + sums.h + ScalarMul(a, s) + ScalarMul(b1, r) + ScalarMul(key.delta_g1, minus_rs);
  return {a, b, c.ToAffine()};
}

StatusOr<Proof> ProveBlinded(const ProvingKey& key, const Witness& witness, const Blinding& blinding,
                             Clock* clock, ThreadPool& pool, const CancelToken* cancel, StageTimes* times) {
  PL_RETURN_IF_ERROR(CheckFits(key, witness));
  StageTimes stages;
  Stopwatch watch(clock);
  PL_ASSIGN_OR_RETURN(const Sums sums, ComputeSums(key, witness, watch, pool, cancel, stages));
  const Proof proof = Blind(key, sums, blinding);
  stages.finish_ms = watch.LapMs();
  if (times != nullptr) *times = stages;
  return proof;
}

}  // namespace

StatusOr<Proof> Prove(const ProvingKey& key, const Witness& witness, Random& random, Clock& clock,
                      ThreadPool& pool, const CancelToken* cancel, StageTimes* times) {
  const Blinding blinding{.r = RandomFr(random), .s = RandomFr(random)};
  return ProveBlinded(key, witness, blinding, &clock, pool, cancel, times);
}

StatusOr<Proof> ProveWithBlindingForTest(const ProvingKey& key, const Witness& witness,
                                         const Blinding& blinding, ThreadPool& pool) {
  return ProveBlinded(key, witness, blinding, nullptr, pool, nullptr, nullptr);
}

size_t ConstraintCount(const ProvingKey& key) {
  size_t rows = 0;
  for (const Coefficient& entry : key.coefficients)
    rows = std::max<size_t>(rows, size_t{entry.constraint} + 1);
  return rows - std::min<size_t>(rows, size_t{key.public_count} + 1);
}

std::vector<Fr> PublicInputs(const ProvingKey& key, const Witness& witness) {
  PL_CHECK(witness.values.size() > key.public_count);
  std::vector<Fr> inputs;
  inputs.reserve(key.public_count);
  for (uint32_t i = 1; i <= key.public_count; ++i) {
    const std::optional<Fr> value = Fr::FromCanonical(witness.values[i]);
    PL_CHECK(value.has_value());
    inputs.push_back(*value);
  }
  return inputs;
}

}  // namespace prooflode::groth16
