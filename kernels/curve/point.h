// Points of a short Weierstrass curve y² = x³ + b (a = 0) over a field F, affine and XYZZ.
//
// Affine infinity is (0, 0), as in snarkjs files; (0, 0) is never on such a curve. XYZZ (x = X/ZZ, y = Y/ZZZ,
// ZZ³ = ZZZ²) follows the Explicit-Formulas Database, "short Weierstrass, xyzz, a=0". Formulas are complete
// in the sense that every case (infinity, equal points, opposite points) is handled. Variable time.
#pragma once

#include "kernels/field/fp.h"

namespace prooflode {

template <typename F>
struct AffinePoint {
  F x{};
  F y{};

  static constexpr AffinePoint Infinity() { return {}; }
  constexpr bool IsInfinity() const { return x.IsZero() && y.IsZero(); }
  constexpr AffinePoint operator-() const { return {x, -y}; }
  friend constexpr bool operator==(const AffinePoint&, const AffinePoint&) = default;
};

template <typename F>
struct XyzzPoint {
  F x{};
  F y{};
  F zz{};
  F zzz{};

  static constexpr XyzzPoint Infinity() { return {}; }
  static constexpr XyzzPoint FromAffine(const AffinePoint<F>& p) {
    if (p.IsInfinity()) return {};
    return {p.x, p.y, F::One(), F::One()};
  }
  constexpr bool IsInfinity() const { return zz.IsZero(); }
  constexpr XyzzPoint operator-() const { return {x, -y, zz, zzz}; }

  // dbl-2008-s-1.
  constexpr XyzzPoint Double() const {
    if (IsInfinity() || y.IsZero()) return {};
    const F u = y.Double();
    const F v = u.Square();
    const F w = u * v;
    const F s = x * v;
    const F xx = x.Square();
    const F m = xx.Double() + xx;
    const F x3 = m.Square() - s.Double();
    return {x3, m * (s - x3) - w * y, v * zz, w * zzz};
  }

  // madd-2008-s.
  friend constexpr XyzzPoint operator+(const XyzzPoint& a, const AffinePoint<F>& b) {
    if (b.IsInfinity()) return a;
    if (a.IsInfinity()) return FromAffine(b);
    const F p = b.x * a.zz - a.x;
    const F r = b.y * a.zzz - a.y;
    if (p.IsZero()) return r.IsZero() ? a.Double() : Infinity();
    const F pp = p.Square();
    const F ppp = p * pp;
    const F q = a.x * pp;
    const F x3 = r.Square() - ppp - q.Double();
    return {x3, r * (q - x3) - a.y * ppp, a.zz * pp, a.zzz * ppp};
  }

  // add-2008-s.
  friend constexpr XyzzPoint operator+(const XyzzPoint& a, const XyzzPoint& b) {
    if (b.IsInfinity()) return a;
    if (a.IsInfinity()) return b;
    const F u1 = a.x * b.zz;
    const F s1 = a.y * b.zzz;
    const F p = b.x * a.zz - u1;
    const F r = b.y * a.zzz - s1;
    if (p.IsZero()) return r.IsZero() ? a.Double() : Infinity();
    const F pp = p.Square();
    const F ppp = p * pp;
    const F q = u1 * pp;
    const F x3 = r.Square() - ppp - q.Double();
    return {x3, r * (q - x3) - s1 * ppp, a.zz * b.zz * pp, a.zzz * b.zzz * ppp};
  }

  // One inversion; batch with BatchToAffine where there are many.
  constexpr AffinePoint<F> ToAffine() const {
    if (IsInfinity()) return {};
    const F inverse = zzz.Inverse();
    const F inverse_zz = (inverse * zz).Square();  // ZZ²/ZZZ² = 1/ZZ
    return {x * inverse_zz, y * inverse};
  }

  // Equality as points, whatever the representation.
  friend constexpr bool SamePoint(const XyzzPoint& a, const XyzzPoint& b) {
    if (a.IsInfinity() || b.IsInfinity()) return a.IsInfinity() && b.IsInfinity();
    return a.x * b.zz == b.x * a.zz && a.y * b.zzz == b.y * a.zzz;
  }
};

// scalar·point by double-and-add; `scalar` is an integer of four little-endian limbs, of any value below
// 2^256.
template <typename F>
constexpr XyzzPoint<F> ScalarMul(const AffinePoint<F>& point, const Limbs& scalar) {
  XyzzPoint<F> result;
  for (int i = 255; i >= 0; --i) {
    result = result.Double();
    if ((scalar[i / 64] >> (i % 64)) & 1) result = result + point;
  }
  return result;
}

}  // namespace prooflode
