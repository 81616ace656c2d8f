// Number-theoretic transform over Fr of BN254 on sizes 2^k, 0 <= k <= 28.
//
// Domain: powers of w = FrRootOfUnity(k), in natural order: Forward maps coefficients to values at w^0, w^1,
// …; Inverse is its inverse, with the division by n. Coset variants work on g·w^i. Values in Montgomery form,
// data.size() == size(). Twiddles are computed once per domain and shared (32 bytes an element of the
// domain); a domain is immutable and thread-safe. A cancelled call returns early and leaves data of no use;
// the token is polled every few milliseconds.
#pragma once

#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/field/bn254.h"

namespace prooflode {

class NttDomain {
 public:
  // Of no use once `cancel` was cancelled.
  NttDomain(int log_size, ThreadPool& pool, const CancelToken* cancel = nullptr);

  int log_size() const { return log_size_; }
  size_t size() const { return size_t{1} << log_size_; }

  void Forward(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel = nullptr) const;
  void Inverse(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel = nullptr) const;

  // Values on the domain in, values on the coset shift·domain out: inverse, powers of the shift, forward. No
  // reversal of bits is needed on the way, and the middle levels are done block by block in the cache:
  // cheaper than the three apart.
  void ToCoset(std::span<Fr> data, const Fr& shift, ThreadPool& pool,
               const CancelToken* cancel = nullptr) const;

 private:
  int log_size_;
  // Powers w^i and w^-i for i below n/2, at the bit-reversed place of i.
  std::vector<Fr> twiddles_;
  std::vector<Fr> inverse_twiddles_;
};

}  // namespace prooflode
