#include "kernels/ntt/ntt.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace prooflode {

namespace {

bool Cancelled(const CancelToken* cancel) { return cancel != nullptr && cancel->cancelled(); }

size_t ReverseBits(size_t value, int bits) {
  size_t reversed = 0;
  for (int i = 0; i < bits; ++i) reversed |= ((value >> i) & 1) << (bits - 1 - i);
  return reversed;
}

}  // namespace

NttDomain::NttDomain(int log_size, ThreadPool&) : log_size_(log_size) {
  PL_CHECK(log_size >= 0 && log_size <= kFrTwoAdicity);
  twiddles_.resize(std::max<size_t>(1, size() / 2));
  const Fr root = FrRootOfUnity(log_size);
  Fr power = Fr::One();
  for (Fr& twiddle : twiddles_) {
    twiddle = power;
    power = power * root;
  }
}

// Cooley and Tukey 1965, decimation in time.
void NttDomain::Forward(std::span<Fr> data, ThreadPool&, const CancelToken* cancel) const {
  PL_CHECK(data.size() == size());
  for (size_t i = 0; i < data.size(); ++i) {
    const size_t j = ReverseBits(i, log_size_);
    if (i < j) std::swap(data[i], data[j]);
  }
  for (size_t half = 1; half < size(); half *= 2) {
    for (size_t start = 0; start < size(); start += 2 * half) {
      if (Cancelled(cancel)) return;
      for (size_t j = 0; j < half; ++j) {
        const Fr u = data[start + j];
        const Fr v = data[start + j + half] * twiddles_[j * (size() / 2 / half)];
        data[start + j] = u + v;
        data[start + j + half] = u - v;
      }
    }
  }
}

// The forward transform followed by the reversal of the indices 1..n-1 is n times the inverse.
void NttDomain::Inverse(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel) const {
  Forward(data, pool, cancel);
  std::reverse(data.begin() + 1, data.end());
  const Fr inverse_size = Fr::FromU64(size()).Inverse();
  for (Fr& value : data) value *= inverse_size;
}

void NttDomain::ToCoset(std::span<Fr> data, const Fr& shift, ThreadPool& pool,
                        const CancelToken* cancel) const {
  Inverse(data, pool, cancel);
  Fr power = Fr::One();
  for (Fr& value : data) {
    value *= power;
    power = power * shift;
  }
  Forward(data, pool, cancel);
}

}  // namespace prooflode
