// Scalars as the multi-scalar multiplication sees them: sorted out by worth, made short by sign, cut into
// signed digits.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/field/bn254.h"

namespace prooflode {

// |s| and sign with s ≡ ±magnitude (mod r), the shorter way: magnitude <= (r-1)/2, so that -1, which
// witnesses are full of, is as cheap as 1. s < r.
struct SignedScalar {
  Limbs magnitude;
  bool negative;
};

inline SignedScalar Shorten(const Limbs& scalar) {
  Limbs negated{};
  fp_internal::Sub(negated, Fr::kModulus, scalar);
  const bool negative = fp_internal::Less(negated, scalar);
  return {negative ? negated : scalar, negative};
}

inline int BitLength(const Limbs& value) {
  for (int i = 3; i >= 0; --i) {
    if (value[i] != 0) return 64 * i + 64 - std::countl_zero(value[i]);
  }
  return 0;
}

// Signed digits of base 2^width from the lowest up: each in (-2^(width-1), 2^(width-1)], Σ digit·2^(width·i)
// = value as long as the digits asked for cover one bit more than the value has. 1 <= width <= 16.
class DigitReader {
 public:
  DigitReader(const Limbs& value, int width) : value_(value), width_(width) {}

  int Next() {
    const int limb = bit_ / 64;
    const int offset = bit_ % 64;
    uint64_t bits = limb < 4 ? value_[limb] >> offset : 0;
    if (offset + width_ > 64 && limb + 1 < 4) bits |= value_[limb + 1] << (64 - offset);
    bit_ += width_;
    const int digit = static_cast<int>(bits & ((uint64_t{1} << width_) - 1)) + carry_;
    carry_ = digit > (1 << (width_ - 1)) ? 1 : 0;
    return digit - (carry_ << width_);
  }

 private:
  const Limbs& value_;
  const int width_;
  int bit_ = 0;
  int carry_ = 0;
};

}  // namespace prooflode
