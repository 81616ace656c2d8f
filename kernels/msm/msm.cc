#include "kernels/msm/msm.h"

#include <vector>

#include "base/check.h"

namespace prooflode {

namespace {

constexpr int kWindowBits = 8;
constexpr int kWindows = 256 / kWindowBits;

unsigned Digit(const Limbs& scalar, int window) {
  const int bit = window * kWindowBits;
  return static_cast<unsigned>(scalar[bit / 64] >> (bit % 64)) & ((1u << kWindowBits) - 1);
}

// Pippenger's bucket method (Bernstein, Doumen, Lange, Oosterwijk 2012), one task a window.
template <typename F>
XyzzPoint<F> Msm(std::span<const AffinePoint<F>> bases, std::span<const Limbs> scalars, ThreadPool& pool,
                 const MsmOptions& options) {
  PL_CHECK(bases.size() == scalars.size());
  std::vector<XyzzPoint<F>> sums(kWindows);
  pool.ParallelFor(kWindows, [&](size_t window) {
    std::vector<XyzzPoint<F>> buckets(1u << kWindowBits);
    for (size_t i = 0; i < bases.size(); ++i) {
      if (i % 1024 == 0 && options.cancel != nullptr && options.cancel->cancelled()) return;
      const unsigned digit = Digit(scalars[i], static_cast<int>(window));
      if (digit != 0) buckets[digit] = buckets[digit] + bases[i];
    }
    XyzzPoint<F> running;
    XyzzPoint<F> sum;
    for (size_t b = buckets.size() - 1; b > 0; --b) {
      running = running + buckets[b];
      sum = sum + running;
    }
    sums[window] = sum;
  });
  XyzzPoint<F> result;
  for (int window = kWindows - 1; window >= 0; --window) {
    for (int i = 0; i < kWindowBits; ++i) result = result.Double();
    result = result + sums[window];
  }
  return result;
}

}  // namespace

G1Xyzz MsmG1(std::span<const G1Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
             const MsmOptions& options) {
  return Msm<Fq>(bases, scalars, pool, options);
}

G2Xyzz MsmG2(std::span<const G2Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
             const MsmOptions& options) {
  return Msm<Fq2>(bases, scalars, pool, options);
}

}  // namespace prooflode
