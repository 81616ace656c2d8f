#include "kernels/curve/bn254.h"

namespace prooflode {

namespace {

// Both inputs are hexadecimal digits of an integer below q, most significant limb first.
constexpr Fq FqOf(uint64_t l3, uint64_t l2, uint64_t l1, uint64_t l0) {
  return *Fq::FromCanonical({l0, l1, l2, l3});
}

constexpr Fq2 Fq2Pow(const Fq2& base, const Limbs& exponent) {
  Fq2 result = Fq2::One();
  for (int i = 255; i >= 0; --i) {
    result = result.Square();
    if ((exponent[i / 64] >> (i % 64)) & 1) result = result * base;
  }
  return result;
}

// (q - 1) / divisor for divisor 2 or 3, both of which divide q - 1.
constexpr Limbs QMinusOneOver(uint64_t divisor) {
  Limbs quotient = Fq::kModulus;
  quotient[0] -= 1;
  uint64_t remainder = 0;
  for (int i = 3; i >= 0; --i) {
    const unsigned __int128 part = (static_cast<unsigned __int128>(remainder) << 64) | quotient[i];
    quotient[i] = static_cast<uint64_t>(part / divisor);
    remainder = static_cast<uint64_t>(part % divisor);
  }
  return quotient;
}

// The twist's non-residue xi = 9 + u.
Fq2 Xi() { return {Fq::FromU64(9), Fq::One()}; }

// psi = twist^-1 ∘ Frobenius ∘ twist: (x, y) -> (x̄·xi^((q-1)/3), ȳ·xi^((q-1)/2)).
struct PsiConstants {
  Fq2 x = Fq2Pow(Xi(), QMinusOneOver(3));
  Fq2 y = Fq2Pow(Xi(), QMinusOneOver(2));
};

G2Affine Psi(const G2Affine& p) {
  static const PsiConstants constants;
  return {p.x.Conjugate() * constants.x, p.y.Conjugate() * constants.y};
}

// 6·z² for the curve's parameter z = 4965661367192848881: the trace of Frobenius less one.
constexpr Limbs TraceMinusOne() {
  constexpr uint64_t kZ = 4965661367192848881;
  const unsigned __int128 value = static_cast<unsigned __int128>(kZ) * kZ * 6;  // below 2^127
  return {static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64), 0, 0};
}

}  // namespace

G1Affine G1Generator() { return {Fq::One(), Fq::FromU64(2)}; }

G2Affine G2Generator() {
  return {{FqOf(0x1800deef121f1e76, 0x426a00665e5c4479, 0x674322d4f75edadd, 0x46debd5cd992f6ed),
           FqOf(0x198e9393920d483a, 0x7260bfb731fb5d25, 0xf1aa493335a9e712, 0x97e485b7aef312c2)},
          {FqOf(0x12c85ea5db8c6deb, 0x4aab71808dcb408f, 0xe3d1e7690c43d37b, 0x4ce6cc0166fa7daa),
           FqOf(0x090689d0585ff075, 0xec9e99ad690c3395, 0xbc4b313370b38ef3, 0x55acdadcd122975b)}};
}

bool IsOnCurve(const G1Affine& p) {
  return p.IsInfinity() || p.y.Square() == p.x.Square() * p.x + Fq::FromU64(3);
}

bool IsOnCurve(const G2Affine& p) {
  static const Fq2 b = Fq2{Fq::FromU64(3), Fq::Zero()} * Xi().Inverse();
  return p.IsInfinity() || p.y.Square() == p.x.Square() * p.x + b;
}

// psi satisfies psi² - t·psi + q = 0 on the whole twist, so psi(p) = [t-1]p gives [(t-1)² - t(t-1) + q]p =
// [q+1-t]p = [r]p = 0; and on the subgroup of order r psi acts as q = t - 1 (mod r). The test is thus exact.
bool IsInSubgroup(const G2Affine& p) {
  if (p.IsInfinity()) return true;
  return SamePoint(ScalarMul(p, TraceMinusOne()), G2Xyzz::FromAffine(Psi(p)));
}

}  // namespace prooflode
