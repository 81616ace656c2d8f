// What Groth16 over BN254 is made of (Groth 2016, eprint 2016/260): keys, proofs, statements.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/curve/bn254.h"

namespace prooflode::groth16 {

// Public inputs a circuit may have: what may be proven here can be verified here, whatever file or message
// carries it.
constexpr uint32_t kPublicInputsMax = uint32_t{1} << 16;

struct Proof {
  G1Affine a;
  G2Affine b;
  G1Affine c;
  friend bool operator==(const Proof&, const Proof&) = default;
};

struct VerifyingKey {
  G1Affine alpha;
  G2Affine beta;
  G2Affine gamma;
  G2Affine delta;
  std::vector<G1Affine> ic;  // one more than there are public inputs
  friend bool operator==(const VerifyingKey&, const VerifyingKey&) = default;
};

// One non-zero entry of the matrices A (0) or B (1). `value` is in the key file's form, value·R² (see
// docs/formats/zkey.md): multiplied by a canonical witness value with one Montgomery product it gives the
// Montgomery form of the product. 40 bytes, so that a key in memory is no larger than its file (44 an entry).
struct Coefficient {
  uint32_t matrix : 1;
  uint32_t constraint : 31;
  uint32_t signal;
  Fr value;
  friend bool operator==(const Coefficient&, const Coefficient&) = default;
};
static_assert(sizeof(Coefficient) == 40);

// Owns everything a prover needs, checked: every index in range, every coordinate reduced and on its curve.
struct ProvingKey {
  uint32_t variable_count = 0;  // signals, the constant one included
  uint32_t public_count = 0;
  int log_domain = 0;
  VerifyingKey verifying_key;
  G1Affine beta_g1;
  G1Affine delta_g1;
  std::vector<Coefficient> coefficients;
  std::vector<G1Affine> a;   // variable_count
  std::vector<G1Affine> b1;  // variable_count
  std::vector<G2Affine> b2;  // variable_count
  std::vector<G1Affine> c;   // variable_count - public_count - 1
  std::vector<G1Affine> h;   // 2^log_domain

  size_t domain_size() const { return size_t{1} << log_domain; }
  friend bool operator==(const ProvingKey&, const ProvingKey&) = default;
};

// 256 bytes: A, B, C uncompressed, big-endian, EIP-197 order (imaginary part of Fq2 first).
using ProofBytes = std::array<uint8_t, 256>;

}  // namespace prooflode::groth16
