// The optimal ate pairing on BN254 (Vercauteren, eprint 2008/096; Aranha et al., eprint 2010/526), as
// products of pairings.
//
// e(P, Q) = f_{6u+2,Q}(P)·(two Frobenius lines), raised to 2u(6u² + 3u + 1)·(q^12 - 1)/r: the power of
// Fuentes-Castañeda, Knapp, Rodríguez-Henríquez (SAC 2011), which is also the value that snarkjs prints as
// vk_alphabeta_12. Q is used through its lines, made once by PrepareG2. Pure functions, thread-safe, variable
// time.
#pragma once

#include <span>
#include <vector>

#include "kernels/curve/bn254.h"
#include "prover/pairing/tower.h"

namespace prooflode {

// A line through points of the twist: y = slope·x - offset.
struct LineCoefficients {
  Fq2 slope;
  Fq2 offset;
};

// The lines that the Miller loop meets for one Q; none for infinity.
struct PreparedG2 {
  std::vector<LineCoefficients> lines;
};

// `q` is infinity or in the subgroup of order r (IsInSubgroup). About 3500 products in Fq.
PreparedG2 PrepareG2(const G2Affine& q);

struct PairingInput {
  G1Affine p;           // on the curve, or infinity
  const PreparedG2* q;  // outlives the call
};

// The product of the Miller functions; squarings are shared. A pair with a point at infinity counts as one.
Fq12 MillerProduct(std::span<const PairingInput> pairs);

// `f` is not zero.
Fq12 FinalExponentiation(const Fq12& f);

// e(p, q).
Fq12 Pairing(const G1Affine& p, const G2Affine& q);

}  // namespace prooflode
