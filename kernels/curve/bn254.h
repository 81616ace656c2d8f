// The groups of BN254 as EIP-196 and EIP-197 fix them: G1 y² = x³ + 3 over Fq, prime order r, cofactor 1; G2
// the twist y² = x³ + 3/(9 + u) over Fq2, whose points have order r only in a subgroup.
#pragma once

#include "kernels/curve/point.h"
#include "kernels/field/bn254.h"

namespace prooflode {

using G1Affine = AffinePoint<Fq>;
using G2Affine = AffinePoint<Fq2>;
using G1Xyzz = XyzzPoint<Fq>;
using G2Xyzz = XyzzPoint<Fq2>;
static_assert(sizeof(G1Affine) == 64 && sizeof(G2Affine) == 128, "the layout of snarkjs key sections");

G1Affine G1Generator();
G2Affine G2Generator();

// The curve equation with reduced coordinates; infinity counts as on the curve.
bool IsOnCurve(const G1Affine& p);
bool IsOnCurve(const G2Affine& p);

// Whether r·p is infinity. `p` must be on the curve. By the untwist-Frobenius-twist endomorphism psi (Scott
// 2021, eprint 2021/1130; El Housni, Guillevic, Piellard eprint 2022/352), cross-checked in tests against
// ScalarMul by r.
bool IsInSubgroup(const G2Affine& p);

}  // namespace prooflode
