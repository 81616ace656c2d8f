// Random field elements, points and scalars for tests.
#pragma once

#include <optional>

#include "base/env.h"
#include "kernels/curve/bn254.h"
#include "kernels/testing/test_values.h"
#include "prover/pairing/tower.h"

namespace prooflode {

template <typename F>
F RandomField(Random& random) {
  return testing_values::RandomElement<F>(random);
}

inline Fq2 RandomFq2(Random& random) { return {RandomField<Fq>(random), RandomField<Fq>(random)}; }
inline Fq6 RandomFq6(Random& random) { return {RandomFq2(random), RandomFq2(random), RandomFq2(random)}; }
inline Fq12 RandomFq12(Random& random) { return {RandomFq6(random), RandomFq6(random)}; }

inline G1Affine Times(const G1Affine& p, const Fr& scalar) {
  return ScalarMul(p, scalar.ToCanonical()).ToAffine();
}
inline G2Affine Times(const G2Affine& p, const Fr& scalar) {
  return ScalarMul(p, scalar.ToCanonical()).ToAffine();
}
inline G1Affine RandomG1(Random& random) { return Times(G1Generator(), RandomField<Fr>(random)); }
// A square root in Fq by the power (q + 1)/4, q being 3 mod 4; nullopt for a non-residue.
inline std::optional<Fq> SquareRoot(const Fq& a) {
  Limbs exponent{};
  fp_internal::Add(exponent, Fq::kModulus, {1, 0, 0, 0});
  for (int i = 0; i < 4; ++i) exponent[i] = (exponent[i] >> 2) | (i < 3 ? exponent[i + 1] << 62 : 0);
  const Fq root = a.PowVartime(exponent);
  if (root.Square() == a) return root;
  return std::nullopt;
}

// In Fq2 by the complex method: the norm's root gives the real part.
inline std::optional<Fq2> SquareRoot(const Fq2& a) {
  const std::optional<Fq> norm_root = SquareRoot(a.c0.Square() + a.c1.Square());
  if (!norm_root) return std::nullopt;
  const Fq half = Fq::FromU64(2).Inverse();
  for (const Fq& n : {*norm_root, -*norm_root}) {
    const std::optional<Fq> real = SquareRoot((a.c0 + n) * half);
    if (!real || real->IsZero()) continue;
    const Fq2 root{*real, a.c1 * half * real->Inverse()};
    if (root.Square() == a) return root;
  }
  return std::nullopt;
}

// A point of the twist outside the subgroup of order r, the first with a small real x.
inline G2Affine OutsideSubgroup() {
  const Fq2 b = Fq2{Fq::FromU64(3), {}} * MulByNonResidue(Fq2::One()).Inverse();
  for (uint64_t i = 1;; ++i) {
    const Fq2 x{Fq::FromU64(i), {}};
    if (const std::optional<Fq2> y = SquareRoot(x.Square() * x + b)) {
      if (!IsInSubgroup({x, *y})) return {x, *y};
    }
  }
}

inline G2Affine RandomG2(Random& random) { return Times(G2Generator(), RandomField<Fr>(random)); }

}  // namespace prooflode
