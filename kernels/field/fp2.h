// Quadratic extension F[u]/(u² + 1). Layout: real part, then imaginary part, as snarkjs files have it.
#pragma once

namespace prooflode {

template <typename F>
struct Fp2 {
  F c0{};
  F c1{};

  static constexpr Fp2 Zero() { return {}; }
  static constexpr Fp2 One() { return {F::One(), F::Zero()}; }
  constexpr bool IsReduced() const { return c0.IsReduced() && c1.IsReduced(); }
  constexpr bool IsZero() const { return c0.IsZero() && c1.IsZero(); }
  friend constexpr bool operator==(const Fp2&, const Fp2&) = default;

  friend constexpr Fp2 operator+(const Fp2& a, const Fp2& b) { return {a.c0 + b.c0, a.c1 + b.c1}; }
  friend constexpr Fp2 operator-(const Fp2& a, const Fp2& b) { return {a.c0 - b.c0, a.c1 - b.c1}; }
  constexpr Fp2 operator-() const { return {-c0, -c1}; }
  // Two sums of two products with one reduction each (Longa, eprint 2022/367): fewer word products than
  // Karatsuba's three, and one negation instead of five additions.
  friend constexpr Fp2 operator*(const Fp2& a, const Fp2& b) {
    return {F::SumOfProducts(a.c0, b.c0, a.c1, -b.c1), F::SumOfProducts(a.c0, b.c1, a.c1, b.c0)};
  }
  friend constexpr Fp2 operator*(const Fp2& a, const F& b) { return {a.c0 * b, a.c1 * b}; }
  Fp2& operator+=(const Fp2& b) { return *this = *this + b; }
  Fp2& operator-=(const Fp2& b) { return *this = *this - b; }
  Fp2& operator*=(const Fp2& b) { return *this = *this * b; }

  // (c0 + c1)(c0 - c1) + 2·c0·c1·u: two products.
  constexpr Fp2 Square() const {
    const F product = c0 * c1;
    return {(c0 + c1) * (c0 - c1), product + product};
  }
  constexpr Fp2 Double() const { return {c0.Double(), c1.Double()}; }
  constexpr Fp2 Conjugate() const { return {c0, -c1}; }
  // The inverse of zero is zero.
  constexpr Fp2 Inverse() const {
    const F inverse_norm = (c0.Square() + c1.Square()).Inverse();
    return {c0 * inverse_norm, -(c1 * inverse_norm)};
  }
};

}  // namespace prooflode
