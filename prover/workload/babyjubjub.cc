#include "prover/workload/babyjubjub.h"

#include "prover/workload/builder.h"

namespace prooflode::workload {
namespace {

// (X : Y : Z) with x = X/Z, y = Y/Z, and the law add-2008-bbjlp of the Explicit-Formulas Database.
struct Projective {
  Fr x;
  Fr y = Fr::One();
  Fr z = Fr::One();
};

Projective AddProjective(const Projective& p, const Projective& q) {
  const Fr a = p.z * q.z;
  const Fr b = a.Square();
  const Fr c = p.x * q.x;
  const Fr d = p.y * q.y;
  const Fr e = Fr::FromU64(kBabyJubjubD) * c * d;
  const Fr f = b - e;
  const Fr g = b + e;
  const Fr cross = (p.x + p.y) * (q.x + q.y) - c - d;
  return {a * f * cross, a * g * (d - Fr::FromU64(kBabyJubjubA) * c), f * g};
}

BabyJubjubPoint ToAffine(const Projective& p) {
  const Fr inverse = p.z.Inverse();
  return {p.x * inverse, p.y * inverse};
}

}  // namespace

const BabyJubjubPoint& BabyJubjubBase() {
  static const BabyJubjubPoint base = {
      *Fr::FromCanonical({0x2893f3f6bb957051, 0x2ab8d8010534e0b6, 0x4eacb2e09d6277c1, 0x0bb77a6ad63e739b}),
      *Fr::FromCanonical({0x4b3c257a872d7d8b, 0xfce0051fb9e13377, 0x25572e1cd16bf9ed, 0x25797203f7a0b249})};
  return base;
}

bool IsOnBabyJubjub(const BabyJubjubPoint& point) {
  const Fr x2 = point.x.Square();
  const Fr y2 = point.y.Square();
  return Fr::FromU64(kBabyJubjubA) * x2 + y2 == Fr::One() + Fr::FromU64(kBabyJubjubD) * x2 * y2;
}

BabyJubjubPoint Add(const BabyJubjubPoint& a, const BabyJubjubPoint& b) {
  return ToAffine(AddProjective({a.x, a.y, Fr::One()}, {b.x, b.y, Fr::One()}));
}

BabyJubjubPoint MultiplyVartime(const Limbs& scalar, const BabyJubjubPoint& point) {
  const Projective base = {point.x, point.y, Fr::One()};
  Projective sum;
  for (int i = 255; i >= 0; --i) {
    sum = AddProjective(sum, sum);
    if (LimbBit(scalar, i)) sum = AddProjective(sum, base);
  }
  return ToAffine(sum);
}

}  // namespace prooflode::workload
