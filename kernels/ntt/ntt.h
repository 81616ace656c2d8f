// Number-theoretic transform over Fr of BN254 on sizes 2^k, 0 <= k <= 28.
//
// Domain: powers of FrRootOfUnity(k), in natural order: Forward maps coefficients to values at w^0, w^1, …;
// Inverse is its inverse, with the division by n. Coset variants work on g·w^i. Values in Montgomery form,
// data.size() == size(). Twiddles are computed once per domain and shared; a domain is immutable and
// thread-safe.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/field/bn254.h"

namespace prooflode {

class NttDomain {
 public:
  NttDomain(int log_size, ThreadPool& pool);

  int log_size() const { return log_size_; }
  size_t size() const { return size_t{1} << log_size_; }

  void Forward(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel = nullptr) const;
  void Inverse(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel = nullptr) const;

  // Values on the domain in, values on the coset g·domain out (inverse, shift, forward; fused where that
  // pays).
  void ToCoset(std::span<Fr> data, const Fr& shift, ThreadPool& pool,
               const CancelToken* cancel = nullptr) const;

 private:
  int log_size_;
  std::vector<Fr> twiddles_;
};

}  // namespace prooflode
