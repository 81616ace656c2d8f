// The fields of BN254 (alt_bn128, EIP-196): Fq for coordinates, Fr for scalars, Fq2 = Fq[u]/(u² + 1).
#pragma once

#include "kernels/field/fp.h"
#include "kernels/field/fp2.h"

namespace prooflode {

struct Bn254FqParams {
  static constexpr Limbs kModulus = {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d,
                                     0x30644e72e131a029};
};
struct Bn254FrParams {
  static constexpr Limbs kModulus = {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d,
                                     0x30644e72e131a029};
};

using Fq = Fp<Bn254FqParams>;
using Fr = Fp<Bn254FrParams>;
using Fq2 = Fp2<Fq>;

// r - 1 = 2^28 · odd; 5 generates the multiplicative group (the generator that circom tools use).
constexpr int kFrTwoAdicity = 28;
constexpr uint64_t kFrGenerator = 5;

// A primitive 2^log_size-th root of unity, the one that snarkjs and circom tools use. 0 <= log_size <= 28.
inline Fr FrRootOfUnity(int log_size) {
  Limbs exponent{};
  fp_internal::Sub(exponent, Fr::kModulus, {1, 0, 0, 0});
  for (int i = 0; i < kFrTwoAdicity; ++i) {  // exponent = (r - 1) / 2^28
    for (int j = 0; j < 4; ++j) exponent[j] = (exponent[j] >> 1) | (j < 3 ? exponent[j + 1] << 63 : 0);
  }
  Fr root = Fr::FromU64(kFrGenerator).PowVartime(exponent);
  for (int i = kFrTwoAdicity; i > log_size; --i) root = root.Square();
  return root;
}

}  // namespace prooflode
