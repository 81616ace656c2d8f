// EdDSA over BabyJubjub with Poseidon as its hash, the scheme that circomlib's EdDSAPoseidonVerifier checks.
//
// (R, S) signs the field element M under the key A when S·B = R + 8·h·A with h = Poseidon(R.x, R.y, A.x, A.y,
// M), 0 <= S < l. Keys here are scalars drawn directly (no seed, no clamping); signing is not constant-time
// and is for making witnesses.
#pragma once

#include "base/env.h"
#include "prover/workload/babyjubjub.h"
#include "prover/workload/babyjubjub_gadget.h"

namespace prooflode::workload {

struct EddsaKey {
  BabyJubjubScalar secret;
  BabyJubjubPoint point;  // secret·B
};

struct EddsaSignature {
  BabyJubjubPoint r;
  Limbs s;  // below l if it was made by EddsaSign
};

EddsaKey MakeEddsaKey(Random& random);
// Deterministic: the nonce is two SHA-256 digests of secret and message, 512 bits reduced modulo l.
EddsaSignature EddsaSign(const EddsaKey& key, const Fr& message);
bool EddsaVerify(const BabyJubjubPoint& key, const Fr& message, const EddsaSignature& signature);

struct EddsaSignatureWires {
  PointWires r;
  LinearCombination s;
};

EddsaSignatureWires PrivateSignature(Builder& builder, const EddsaSignature& signature);
// Constrains the signature to be valid: both points on the curve, 8·A not the neutral element, S < l, the
// equation. 4,705 constraints.
void AssertEddsa(Builder& builder, const PointWires& key, const LinearCombination& message,
                 const EddsaSignatureWires& signature);

}  // namespace prooflode::workload
