// Prime fields of at most 255 bits on host CPUs, in Montgomery form: x is kept as x·2^256 mod p, fully
// reduced.
//
// Fp<P> is plain data (four 64-bit limbs, little-endian) with the same layout that snarkjs files use for
// curve points, so that key sections are used in place. P supplies the modulus; every other constant is
// computed here at compile time. A value made by these functions is always in [0, p). Not constant-time:
// functions named _vartime depend on their operands, the others may; proving happens on its owner's machine.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>

#include "kernels/field/inverse.h"
#include "kernels/host/mul_leaf.h"

namespace prooflode {

using Limbs = std::array<uint64_t, 4>;

namespace fp_internal {

using uint128 = unsigned __int128;

// r = a + b, returns the carry.
constexpr uint64_t Add(Limbs& r, const Limbs& a, const Limbs& b) {
  uint64_t carry = 0;
  for (int i = 0; i < 4; ++i) {
    const uint128 sum = uint128{a[i]} + b[i] + carry;
    r[i] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
  return carry;
}

// r = a - b, returns the borrow.
constexpr uint64_t Sub(Limbs& r, const Limbs& a, const Limbs& b) {
  uint64_t borrow = 0;
  for (int i = 0; i < 4; ++i) {
    const uint128 difference = uint128{a[i]} - b[i] - borrow;
    r[i] = static_cast<uint64_t>(difference);
    borrow = static_cast<uint64_t>(difference >> 64) & 1;
  }
  return borrow;
}

constexpr bool Less(const Limbs& a, const Limbs& b) {
  Limbs ignored{};
  return Sub(ignored, a, b) != 0;
}

// 2·a mod p for a < p.
constexpr Limbs Double(const Limbs& a, const Limbs& p) {
  Limbs sum{};
  const uint64_t carry = Add(sum, a, a);
  Limbs reduced{};
  const uint64_t borrow = Sub(reduced, sum, p);
  return carry >= borrow ? reduced : sum;
}

constexpr Limbs PowerOfTwo(int exponent, const Limbs& p) {
  Limbs value{1, 0, 0, 0};
  for (int i = 0; i < exponent; ++i) value = Double(value, p);
  return value;
}

// -1/p mod 2^64 by Newton's iteration.
constexpr uint64_t NegatedInverse(uint64_t p0) {
  uint64_t inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - p0 * inverse;
  return 0 - inverse;
}

}  // namespace fp_internal

template <typename P>
struct Fp {
  static constexpr Limbs kModulus = P::kModulus;
  static constexpr uint64_t kNegatedInverse = fp_internal::NegatedInverse(kModulus[0]);
  static constexpr Limbs kR = fp_internal::PowerOfTwo(256, kModulus);         // 2^256 mod p: the form of one
  static constexpr Limbs kRSquared = fp_internal::PowerOfTwo(512, kModulus);  // 2^512 mod p
  static constexpr Limbs kRCubed = fp_internal::PowerOfTwo(768, kModulus);    // 2^768 mod p
  static_assert((kModulus[3] >> 62) == 0, "the multiplication leaves need two spare bits");

  Limbs limbs{};

  static constexpr Fp Zero() { return {}; }
  static constexpr Fp One() { return {kR}; }
  static constexpr Fp FromU64(uint64_t value) { return Fp{{value, 0, 0, 0}} * Fp{kRSquared}; }

  // `canonical` is an integer; nullopt unless it is below p.
  static constexpr std::optional<Fp> FromCanonical(const Limbs& canonical) {
    if (!fp_internal::Less(canonical, kModulus)) return std::nullopt;
    return Fp{canonical} * Fp{kRSquared};
  }
  // The integer in [0, p).
  constexpr Limbs ToCanonical() const { return (*this * Fp{{1, 0, 0, 0}}).limbs; }

  static std::optional<Fp> FromBigEndian(std::span<const uint8_t, 32> bytes) {
    Limbs canonical{};
    for (int i = 0; i < 32; ++i) canonical[3 - i / 8] = (canonical[3 - i / 8] << 8) | bytes[i];
    return FromCanonical(canonical);
  }
  void ToBigEndian(std::span<uint8_t, 32> bytes) const {
    const Limbs canonical = ToCanonical();
    for (int i = 0; i < 32; ++i) bytes[i] = static_cast<uint8_t>(canonical[3 - i / 8] >> (56 - 8 * (i % 8)));
  }

  // Whether the limbs are a legal value; for data that came from a file.
  constexpr bool IsReduced() const { return fp_internal::Less(limbs, kModulus); }
  constexpr bool IsZero() const { return (limbs[0] | limbs[1] | limbs[2] | limbs[3]) == 0; }
  friend constexpr bool operator==(const Fp&, const Fp&) = default;

  friend constexpr Fp operator+(const Fp& a, const Fp& b) {
    Limbs sum{};
#if PL_HAVE_X64_ASM
    if (!std::is_constant_evaluated()) {
      host_internal::AddModX64(sum.data(), a.limbs.data(), b.limbs.data(), kModulus.data());
      return Fp{sum};
    }
#endif
    fp_internal::Add(sum, a.limbs, b.limbs);  // no carry: p < 2^254
    Limbs reduced{};
    const uint64_t mask = 0 - fp_internal::Sub(reduced, sum, kModulus);
    return Fp{Select(mask, sum, reduced)};
  }
  friend constexpr Fp operator-(const Fp& a, const Fp& b) {
    Limbs difference{};
#if PL_HAVE_X64_ASM
    if (!std::is_constant_evaluated()) {
      host_internal::SubModX64(difference.data(), a.limbs.data(), b.limbs.data(), kModulus.data());
      return Fp{difference};
    }
#endif
    const uint64_t mask = 0 - fp_internal::Sub(difference, a.limbs, b.limbs);
    Limbs corrected{};
    fp_internal::Add(corrected, difference, kModulus);
    return Fp{Select(mask, corrected, difference)};
  }
  constexpr Fp operator-() const { return Fp{} - *this; }
  friend constexpr Fp operator*(const Fp& a, const Fp& b) {
    Limbs product{};
    if (std::is_constant_evaluated()) {
      MontgomeryMulPortable(product.data(), a.limbs.data(), b.limbs.data(), kModulus.data(), kNegatedInverse);
    } else {
      MontgomeryMul(product, a.limbs, b.limbs, kModulus, kNegatedInverse);
    }
    return Fp{product};
  }
  Fp& operator+=(const Fp& b) { return *this = *this + b; }
  Fp& operator-=(const Fp& b) { return *this = *this - b; }
  Fp& operator*=(const Fp& b) { return *this = *this * b; }

  // a·b + c·d for about one and a half products.
  static constexpr Fp SumOfProducts(const Fp& a, const Fp& b, const Fp& c, const Fp& d) {
    Limbs sum{};
    if (std::is_constant_evaluated()) {
      MontgomeryMul2Portable(sum.data(), a.limbs.data(), b.limbs.data(), c.limbs.data(), d.limbs.data(),
                             kModulus.data(), kNegatedInverse);
    } else {
      MontgomerySumOfProducts(sum, a.limbs, b.limbs, c.limbs, d.limbs, kModulus, kNegatedInverse);
    }
    return Fp{sum};
  }

  constexpr Fp Square() const { return *this * *this; }
  constexpr Fp Double() const { return *this + *this; }

  // `exponent` is an integer of four little-endian limbs.
  constexpr Fp PowVartime(const Limbs& exponent) const {
    Fp result = One();
    for (int i = 255; i >= 0; --i) {
      result = result.Square();
      if ((exponent[i / 64] >> (i % 64)) & 1) result = result * *this;
    }
    return result;
  }
  // The inverse of zero is zero. About 100 products: batch where there are many (BatchInvert).
  constexpr Fp Inverse() const {
    // limbs = x·R, so its inverse is x^-1·R^-1; the product with R³ (which divides by R) makes that x^-1·R.
    return Fp{fp_internal::InverseVartime(limbs, kModulus, kNegatedInverse)} * Fp{kRCubed};
  }

 private:
  static constexpr Limbs Select(uint64_t mask, const Limbs& if_set, const Limbs& if_clear) {
    Limbs out{};
    for (int i = 0; i < 4; ++i) out[i] = (if_set[i] & mask) | (if_clear[i] & ~mask);
    return out;
  }
};

// Replaces every value by its inverse, zeros by zero, with one inversion and three products each (Montgomery
// 1987). `scratch` has at least values.size() elements.
template <typename F>
void BatchInvert(std::span<F> values, std::span<F> scratch) {
  F product = F::One();
  for (size_t i = 0; i < values.size(); ++i) {
    scratch[i] = product;
    if (!values[i].IsZero()) product = product * values[i];
  }
  F inverse = product.Inverse();
  for (size_t i = values.size(); i-- > 0;) {
    if (values[i].IsZero()) continue;
    const F next = inverse * values[i];
    values[i] = inverse * scratch[i];
    inverse = next;
  }
}

}  // namespace prooflode
