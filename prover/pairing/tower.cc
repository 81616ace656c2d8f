#include "prover/pairing/tower.h"

#include "prover/pairing/wnaf.h"

namespace prooflode {
namespace {

constexpr int kWindow = 4;
constexpr SignedDigits kUDigits = RecodeWnaf(kBn254U, kWindow);

// (q - 1)/6, an integer since q = 1 mod 6.
constexpr Limbs SixthOfQMinusOne() {
  Limbs quotient{};
  uint64_t remainder = 0;
  for (int i = 3; i >= 0; --i) {
    const unsigned __int128 part =
        (static_cast<unsigned __int128>(remainder) << 64) | (Fq::kModulus[i] - (i == 0));
    quotient[i] = static_cast<uint64_t>(part / 6);
    remainder = static_cast<uint64_t>(part % 6);
  }
  return quotient;
}

std::array<Fq2, 6> ComputeFrobeniusCoefficients() {
  const Fq2 xi = MulByNonResidue(Fq2::One());
  constexpr Limbs kExponent = SixthOfQMinusOne();
  Fq2 root = Fq2::One();
  for (int i = 255; i >= 0; --i) {
    root = root.Square();
    if ((kExponent[i / 64] >> (i % 64)) & 1) root = root * xi;
  }
  std::array<Fq2, 6> powers{Fq2::One()};
  for (int i = 1; i < 6; ++i) powers[i] = powers[i - 1] * root;
  return powers;
}

// (a + b·s)² with s² = xi, as a pair.
std::array<Fq2, 2> SquareFq4(const Fq2& a, const Fq2& b) {
  const Fq2 aa = a.Square();
  const Fq2 bb = b.Square();
  return {aa + MulByNonResidue(bb), (a + b).Square() - aa - bb};
}

Fq2 ThreeTMinusTwoZ(const Fq2& t, const Fq2& z) { return (t - z).Double() + t; }
Fq2 ThreeTPlusTwoZ(const Fq2& t, const Fq2& z) { return (t + z).Double() + t; }

}  // namespace

const std::array<Fq2, 6>& FrobeniusCoefficients() {
  static const std::array<Fq2, 6> kCoefficients = ComputeFrobeniusCoefficients();
  return kCoefficients;
}

Fq6 operator*(const Fq6& a, const Fq6& b) {
  const Fq2 v0 = a.c0 * b.c0;
  const Fq2 v1 = a.c1 * b.c1;
  const Fq2 v2 = a.c2 * b.c2;
  return {v0 + MulByNonResidue((a.c1 + a.c2) * (b.c1 + b.c2) - v1 - v2),
          (a.c0 + a.c1) * (b.c0 + b.c1) - v0 - v1 + MulByNonResidue(v2),
          (a.c0 + a.c2) * (b.c0 + b.c2) - v0 - v2 + v1};
}

Fq6 Fq6::MulBy01(const Fq2& b0, const Fq2& b1) const {
  const Fq2 v0 = c0 * b0;
  const Fq2 v1 = c1 * b1;
  return {v0 + MulByNonResidue((c1 + c2) * b1 - v1), (c0 + c1) * (b0 + b1) - v0 - v1,
          (c0 + c2) * b0 - v0 + v1};
}

Fq6 Fq6::Inverse() const {
  const Fq2 t0 = c0.Square() - MulByNonResidue(c1 * c2);
  const Fq2 t1 = MulByNonResidue(c2.Square()) - c0 * c1;
  const Fq2 t2 = c1.Square() - c0 * c2;
  const Fq2 norm = c0 * t0 + MulByNonResidue(c2 * t1 + c1 * t2);
  const Fq2 inverse = norm.Inverse();
  return {t0 * inverse, t1 * inverse, t2 * inverse};
}

Fq12 operator*(const Fq12& a, const Fq12& b) {
  const Fq6 v0 = a.c0 * b.c0;
  const Fq6 v1 = a.c1 * b.c1;
  return {v0 + v1.MulByV(), (a.c0 + a.c1) * (b.c0 + b.c1) - v0 - v1};
}

Fq12 Fq12::Square() const {
  const Fq6 product = c0 * c1;
  const Fq6 sum = (c0 + c1) * (c0 + c1.MulByV());
  return {sum - product - product.MulByV(), product + product};
}

Fq12 Fq12::Inverse() const {
  const Fq6 inverse_norm = (c0 * c0 - (c1 * c1).MulByV()).Inverse();
  return {c0 * inverse_norm, -(c1 * inverse_norm)};
}

Fq12 Fq12::Frobenius() const {
  const std::array<Fq2, 6>& gamma = FrobeniusCoefficients();
  return {{c0.c0.Conjugate(), c0.c1.Conjugate() * gamma[2], c0.c2.Conjugate() * gamma[4]},
          {c1.c0.Conjugate() * gamma[1], c1.c1.Conjugate() * gamma[3], c1.c2.Conjugate() * gamma[5]}};
}

Fq12 Fq12::MulByLine(const Fq2& b0, const Fq2& b1) const {
  return {c0 + c1.MulBy01(b0, b1).MulByV(), c1 + c0.MulBy01(b0, b1)};
}

// The element as three values of Fq4 = Fq2[s]/(s² - xi), s = w³: (c0.c0, c1.c1), (c1.c0, c0.c2), (c0.c1,
// c1.c2).
Fq12 Fq12::CyclotomicSquare() const {
  const auto [a0, a1] = SquareFq4(c0.c0, c1.c1);
  const auto [b0, b1] = SquareFq4(c1.c0, c0.c2);
  const auto [d0, d1] = SquareFq4(c0.c1, c1.c2);
  return {{ThreeTMinusTwoZ(a0, c0.c0), ThreeTMinusTwoZ(b0, c0.c1), ThreeTMinusTwoZ(d0, c0.c2)},
          {ThreeTPlusTwoZ(MulByNonResidue(d1), c1.c0), ThreeTPlusTwoZ(a1, c1.c1), ThreeTPlusTwoZ(b1, c1.c2)}};
}

Fq12 Fq12::CyclotomicPowU() const {
  std::array<Fq12, 1 << (kWindow - 2)> odd;  // this^(2i + 1)
  odd[0] = *this;
  const Fq12 square = CyclotomicSquare();
  for (size_t i = 1; i < odd.size(); ++i) odd[i] = odd[i - 1] * square;
  Fq12 result = odd[kUDigits.digits[kUDigits.length - 1] / 2];  // the leading digit is positive
  for (int i = kUDigits.length - 2; i >= 0; --i) {
    result = result.CyclotomicSquare();
    const int digit = kUDigits.digits[i];
    if (digit > 0) result = result * odd[digit / 2];
    if (digit < 0) result = result * odd[-digit / 2].Conjugate();
  }
  return result;
}

}  // namespace prooflode
