// The extension tower of BN254: Fq6 = Fq2[v]/(v³ - xi), Fq12 = Fq6[w]/(w² - v), xi = 9 + u (Devegili, Ó
// hÉigeartaigh, Scott, Dahab, eprint 2006/471). Plain data; every value stays fully reduced. Variable time.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kernels/field/bn254.h"

namespace prooflode {

// xi·a: xi is no square and no cube in Fq2, which makes the tower.
inline Fq2 MulByNonResidue(const Fq2& a) {
  const Fq2 a8 = a.Double().Double().Double();
  return {a8.c0 + a.c0 - a.c1, a8.c1 + a.c1 + a.c0};
}

// c0 + c1·v + c2·v².
struct Fq6 {
  Fq2 c0{};
  Fq2 c1{};
  Fq2 c2{};

  static Fq6 Zero() { return {}; }
  static Fq6 One() { return {Fq2::One(), {}, {}}; }
  bool IsZero() const { return c0.IsZero() && c1.IsZero() && c2.IsZero(); }
  friend bool operator==(const Fq6&, const Fq6&) = default;

  friend Fq6 operator+(const Fq6& a, const Fq6& b) { return {a.c0 + b.c0, a.c1 + b.c1, a.c2 + b.c2}; }
  friend Fq6 operator-(const Fq6& a, const Fq6& b) { return {a.c0 - b.c0, a.c1 - b.c1, a.c2 - b.c2}; }
  Fq6 operator-() const { return {-c0, -c1, -c2}; }
  // Karatsuba: six products in Fq2.
  friend Fq6 operator*(const Fq6& a, const Fq6& b);

  // v·this.
  Fq6 MulByV() const { return {MulByNonResidue(c2), c0, c1}; }
  // this·(b0 + b1·v): five products in Fq2.
  Fq6 MulBy01(const Fq2& b0, const Fq2& b1) const;
  // The inverse of zero is zero.
  Fq6 Inverse() const;
};

// c0 + c1·w.
struct Fq12 {
  Fq6 c0{};
  Fq6 c1{};

  static Fq12 One() { return {Fq6::One(), {}}; }
  bool IsOne() const { return *this == One(); }
  friend bool operator==(const Fq12&, const Fq12&) = default;

  friend Fq12 operator*(const Fq12& a, const Fq12& b);
  Fq12 Square() const;
  // The inverse of zero is zero.
  Fq12 Inverse() const;
  // this^(q^6), which is the inverse in the cyclotomic subgroup.
  Fq12 Conjugate() const { return {c0, -c1}; }
  // this^q.
  Fq12 Frobenius() const;
  // this·(1 + (b0 + b1·v)·w), the shape of a line: ten products in Fq2.
  Fq12 MulByLine(const Fq2& b0, const Fq2& b1) const;

  // The two below need an element of the cyclotomic subgroup: this^(q^4 - q^2 + 1) = 1.
  // Granger and Scott, eprint 2009/565: nine squarings in Fq2.
  Fq12 CyclotomicSquare() const;
  // this^u for the curve's parameter u.
  Fq12 CyclotomicPowU() const;
};

// The parameter of the Barreto-Naehrig family: q = 36u⁴ + 36u³ + 24u² + 6u + 1, r = q - 6u².
constexpr uint64_t kBn254U = 4965661367192848881;

// xi^(i·(q - 1)/6) for i = 0..5: w^(i·q) = result[i]·w^i. Computed on first use; thread-safe.
const std::array<Fq2, 6>& FrobeniusCoefficients();

}  // namespace prooflode
