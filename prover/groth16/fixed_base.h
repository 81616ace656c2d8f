// Many multiples of one point: tables of its multiples in windows of bits, then additions of table entries,
// kept affine by sharing one inversion among a block of points (Montgomery's trick).
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/thread_pool.h"
#include "kernels/curve/batch_affine.h"
#include "kernels/curve/bn254.h"

namespace prooflode::groth16 {

// Immutable once made; thread-safe. F is the coordinate field.
template <typename F>
class FixedBase {
 public:
  // `base` is a generator of a group of order r and not infinity; `expected` the number of multiples that
  // will be wanted, which decides the size of the tables: 254/window · 2^window points, window at most 14.
  FixedBase(const AffinePoint<F>& base, size_t expected, ThreadPool& pool) : window_(Window(expected)) {
    const size_t entries = (size_t{1} << window_) - 1;
    windows_ = (254 + window_ - 1) / window_;
    table_.resize(windows_ * entries);
    std::vector<AffinePoint<F>> bases(windows_);
    XyzzPoint<F> power = XyzzPoint<F>::FromAffine(base);
    for (AffinePoint<F>& window_base : bases) {
      window_base = power.ToAffine();
      for (int i = 0; i < window_; ++i) power = power.Double();
    }
    pool.ParallelFor(
        windows_, [&](size_t w) { FillWindow(bases[w], std::span(table_).subspan(w * entries, entries)); });
  }

  // out[i] = scalars[i]·base; sizes equal. About 254/window additions of six products each.
  void Multiply(std::span<const Fr> scalars, std::span<AffinePoint<F>> out, ThreadPool& pool) const {
    PL_CHECK(scalars.size() == out.size());
    const size_t blocks = (scalars.size() + kBlock - 1) / kBlock;
    pool.ParallelFor(blocks, [&](size_t block) {
      const size_t begin = block * kBlock;
      const size_t count = std::min(kBlock, scalars.size() - begin);
      MultiplyBlock(scalars.subspan(begin, count), out.subspan(begin, count));
    });
  }

 private:
  static constexpr size_t kBlock = 512;

  static int Window(size_t expected) {
    int window = 4;
    while (window < 14 && (size_t{8} << window) < expected) ++window;
    return window;
  }

  // entries[i] = (i + 1)·base.
  static void FillWindow(const AffinePoint<F>& base, std::span<AffinePoint<F>> entries) {
    std::vector<XyzzPoint<F>> block(std::min(kBlock, entries.size()));
    XyzzPoint<F> sum;
    for (size_t begin = 0; begin < entries.size(); begin += block.size()) {
      const size_t count = std::min(block.size(), entries.size() - begin);
      for (size_t i = 0; i < count; ++i) block[i] = sum = sum + base;
      BatchToAffine<F>(std::span(block).first(count), entries.subspan(begin, count));
    }
  }

  static uint64_t Digit(const Limbs& scalar, size_t bit, int bits) {
    const size_t limb = bit / 64;
    const size_t shift = bit % 64;
    uint64_t value = scalar[limb] >> shift;
    if (shift + static_cast<size_t>(bits) > 64 && limb < 3) value |= scalar[limb + 1] << (64 - shift);
    return value & ((uint64_t{1} << bits) - 1);
  }

  // Window by window from the lowest: a sum of lower windows is below 2^(window·w), so it never equals an
  // entry of window w or its opposite, and the chord always has a slope.
  void MultiplyBlock(std::span<const Fr> scalars, std::span<AffinePoint<F>> out) const {
    const size_t count = scalars.size();
    const size_t entries = (size_t{1} << window_) - 1;
    Limbs canonical[kBlock];
    F slopes[kBlock];
    F scratch[kBlock];
    for (size_t i = 0; i < count; ++i) {
      canonical[i] = scalars[i].ToCanonical();
      out[i] = {};
    }
    for (size_t w = 0; w < windows_; ++w) {
      const AffinePoint<F>* row = table_.data() + w * entries;
      const auto entry = [&](size_t i) -> const AffinePoint<F>* {
        const uint64_t digit = Digit(canonical[i], w * static_cast<size_t>(window_), window_);
        return digit == 0 ? nullptr : row + digit - 1;
      };
      for (size_t i = 0; i < count; ++i) {
        const AffinePoint<F>* other = entry(i);
        slopes[i] = other == nullptr || out[i].IsInfinity() ? F::Zero() : other->x - out[i].x;
      }
      BatchInvert(std::span(slopes, count), std::span(scratch, count));
      for (size_t i = 0; i < count; ++i) {
        const AffinePoint<F>* other = entry(i);
        if (other == nullptr) continue;
        out[i] = out[i].IsInfinity() ? *other : Chord(out[i], *other, slopes[i]);
      }
    }
  }

  // a + b given 1/(b.x - a.x).
  static AffinePoint<F> Chord(const AffinePoint<F>& a, const AffinePoint<F>& b, const F& inverse) {
    PL_CHECK(!inverse.IsZero());
    const F slope = (b.y - a.y) * inverse;
    const F x = slope.Square() - a.x - b.x;
    return {x, slope * (a.x - x) - a.y};
  }

  int window_;
  size_t windows_ = 0;
  std::vector<AffinePoint<F>> table_;
};

}  // namespace prooflode::groth16
