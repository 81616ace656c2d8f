// The scalars of the H section: what a proof's quotient polynomial is given by.
//
// snarkjs keys hold H in the Lagrange basis of the domain of twice the size, at its odd powers; A·B - C
// vanishes on the even ones (the domain itself), so its values on the odd coset determine it and no division
// by Z takes place.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/status.h"
#include "base/thread_pool.h"
#include "prover/format/wtns.h"
#include "prover/groth16/types.h"

namespace prooflode::groth16 {

// A buffer of field elements that says something about a witness: zeroed when it is released.
class SecretBuffer {
 public:
  explicit SecretBuffer(size_t size);
  ~SecretBuffer();
  SecretBuffer(SecretBuffer&& other) noexcept = default;
  SecretBuffer& operator=(SecretBuffer&& other) noexcept = delete;

  std::span<Fr> values() { return {values_.get(), size_}; }
  // The same memory where it holds canonical integers.
  std::span<Limbs> integers();

 private:
  size_t size_;
  std::unique_ptr<Fr[]> values_;
};

// The canonical integers (A·B - C)(g·w^i), i < domain_size, with g a primitive root of twice the domain's
// order. `witness` has variable_count values. Memory: three buffers of a domain and the domain's twiddle
// factors at the peak, one buffer afterwards. kCancelled when `cancel` was set.
StatusOr<SecretBuffer> QuotientScalars(const ProvingKey& key, const Witness& witness, ThreadPool& pool,
                                       const CancelToken* cancel);

}  // namespace prooflode::groth16
