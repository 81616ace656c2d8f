// Butterflies of the transform over Fr on eight elements at a time.
//
// Twiddles are taken to x·2^260 mod p, so that products with them keep the elements' form. Elements are kept
// unreduced between levels: a product is below 2p whatever its other operand below 84p was, so that forward
// every level adds 2p to the bound at most; on the way back sums double and are reduced every second level.
#pragma once

#if defined(__x86_64__)

#include <cstddef>

#include "kernels/field/bn254.h"
#include "kernels/host/batch_ops.h"
#include "kernels/host/ifma_lanes.h"

namespace prooflode::ifma {

using FrMod = Mod<Fr>;

// 16·x: as a factor of a product of lanes it stands for x.
inline Fr AsFactor(const Fr& x) { return x.Double().Double().Double().Double(); }

PL_IFMA Lanes LoadFr(const Fr* eight) { return ToLanes(LoadWords(eight)); }
// A normal value below 4p.
PL_IFMA void StoreFr(const Lanes& x, Fr* eight) { StoreWords(ToWords(FrMod::Reduced(x)), eight); }

// (u, v) -> (u + t·v, u - t·v + kBound·p), where kBound·p is more than a product of v and t is; v of any
// limbs. 2 does for reduced t and v below 84p.
template <uint64_t kBound = 2>
PL_IFMA void Forward(Lanes& u, Lanes& v, const Lanes& t) {
  const Lanes product = FrMod::Mul(Carry(v), t);
  v = u - product + FrMod::Times(kBound);
  u = u + product;
}
// (u, v) -> (u + v, t·(u - v)), the difference with kBound·p, more than v is, added.
template <uint64_t kBound>
PL_IFMA void Inverse(Lanes& u, Lanes& v, const Lanes& t) {
  const Lanes difference = Carry(u - v + FrMod::Times(kBound));
  u = u + v;
  v = FrMod::Mul(difference, t);
}

struct Row4 {
  Lanes x[4];
};

// Two levels; the bound grows by 4p.
PL_IFMA void ForwardFour(Row4& r, const Lanes& outer, const Lanes& inner0, const Lanes& inner1) {
  Forward(r.x[0], r.x[2], outer);
  Forward(r.x[1], r.x[3], outer);
  Forward(r.x[0], r.x[1], inner0);
  Forward(r.x[2], r.x[3], inner1);
}

// A normal value below 16p, taken below 4p.
PL_IFMA Lanes Below4p(const Lanes& x) { return FrMod::SubtractIf(FrMod::SubtractIf(x, 8), 4); }

// Two levels of (u, v) -> (u + v, t·(u - v)), inner and then outer; elements normal and below 4p before and
// after.
PL_IFMA void InverseFour(Row4& r, const Lanes& outer, const Lanes& inner0, const Lanes& inner1) {
  const Lanes a0 = r.x[0] + r.x[1];  // below 8p
  const Lanes a1 = FrMod::Mul(Carry(r.x[0] - r.x[1] + FrMod::Times(4)), inner0);
  const Lanes a2 = r.x[2] + r.x[3];
  const Lanes a3 = FrMod::Mul(Carry(r.x[2] - r.x[3] + FrMod::Times(4)), inner1);
  r.x[0] = Below4p(Carry(a0 + a2));
  r.x[1] = Carry(a1 + a3);
  r.x[2] = FrMod::Mul(Carry(a0 - a2 + FrMod::Times(8)), outer);
  r.x[3] = FrMod::Mul(Carry(a1 - a3 + FrMod::Times(2)), outer);
}

}  // namespace prooflode::ifma

#endif  // __x86_64__
