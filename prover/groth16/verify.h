// Groth16 verification: e(A, B) = e(alpha, beta)·e(IC(inputs), gamma)·e(C, delta).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "prover/groth16/types.h"

namespace prooflode::groth16 {

// What is wrong with a key, or OK: a point off its curve or subgroup, infinity, IC empty, gamma = ±delta. The
// last is kFailedPrecondition and allowed with `allow_insecure_setup`.
Status CheckVerifyingKey(const VerifyingKey& key, bool allow_insecure_setup);

// What is wrong with a proof by itself, or OK: a point off its curve or (B) its subgroup, or infinity.
Status CheckProof(const Proof& proof);

// A verifying key prepared once: e(alpha, beta) and the line coefficients of gamma and delta. Immutable,
// thread-safe.
class Verifier {
 public:
  // `key` has passed CheckVerifyingKey.
  explicit Verifier(const VerifyingKey& key);
  ~Verifier();
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;

  size_t public_count() const;

  // The verdict is a value, not an error: false for a wrong count of inputs, a point off its curve or
  // subgroup, infinity, or a product that is not one. Milliseconds, and with many public inputs up to a
  // second; once `cancel` is cancelled it returns soon, and the verdict may be a wrong no.
  bool Verify(std::span<const Fr> public_inputs, const Proof& proof,
              const CancelToken* cancel = nullptr) const;

 private:
  struct Prepared;
  std::unique_ptr<const Prepared> prepared_;
};

}  // namespace prooflode::groth16
