// BabyJubjub (EIP-2494): the twisted Edwards curve a·x² + y² = 1 + d·x²·y² over Fr of BN254.
//
// a is a square and d is not, so the addition law has no exceptions on the curve (Bernstein, Birkner, Joye,
// Lange, Peters, "Twisted Edwards curves", 2008, section 6). The curve has 8·l points, l prime.
#pragma once

#include "kernels/field/bn254.h"

namespace prooflode::workload {

inline constexpr uint64_t kBabyJubjubA = 168700;
inline constexpr uint64_t kBabyJubjubD = 168696;

struct BabyJubjubScalarParams {
  static constexpr Limbs kModulus = {0x677297dc392126f1, 0xab3eedb83920ee0a, 0x370a08b6d0302b0b,
                                     0x060c89ce5c263405};
};
// Integers modulo l, the order of the base point.
using BabyJubjubScalar = Fp<BabyJubjubScalarParams>;
inline constexpr int kBabyJubjubScalarBits = 251;

// The neutral element is (0, 1).
struct BabyJubjubPoint {
  Fr x;
  Fr y = Fr::One();

  friend bool operator==(const BabyJubjubPoint&, const BabyJubjubPoint&) = default;
};

// Of order l; EIP-2494's B.
const BabyJubjubPoint& BabyJubjubBase();

bool IsOnBabyJubjub(const BabyJubjubPoint& point);
BabyJubjubPoint Add(const BabyJubjubPoint& a, const BabyJubjubPoint& b);
// scalar·point for an integer below 2^256, the point on the curve. Not constant-time: for test keys only.
BabyJubjubPoint MultiplyVartime(const Limbs& scalar, const BabyJubjubPoint& point);

}  // namespace prooflode::workload
