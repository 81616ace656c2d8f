// Verifying keys with known secrets and simulated proofs for them (Groth 2016, section 3.2): for tests alone.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/env.h"
#include "prover/groth16/types.h"
#include "prover/pairing/test_util.h"

namespace prooflode::groth16 {

struct TrapdoorKey {
  Fr alpha, beta, gamma, delta;
  std::vector<Fr> ic;
  VerifyingKey key;
};

inline TrapdoorKey MakeTrapdoorKey(size_t public_count, Random& random) {
  TrapdoorKey t;
  for (Fr* secret : {&t.alpha, &t.beta, &t.gamma, &t.delta}) *secret = RandomField<Fr>(random);
  t.key.alpha = Times(G1Generator(), t.alpha);
  t.key.beta = Times(G2Generator(), t.beta);
  t.key.gamma = Times(G2Generator(), t.gamma);
  t.key.delta = Times(G2Generator(), t.delta);
  for (size_t i = 0; i <= public_count; ++i) {
    t.ic.push_back(RandomField<Fr>(random));
    t.key.ic.push_back(Times(G1Generator(), t.ic.back()));
  }
  return t;
}

// The discrete logarithm of the statement's point.
inline Fr StatementScalar(const TrapdoorKey& t, std::span<const Fr> inputs) {
  Fr sum = t.ic[0];
  for (size_t i = 0; i < inputs.size(); ++i) sum = sum + inputs[i] * t.ic[i + 1];
  return sum;
}

// A valid proof without a witness: random A and B, and the C that solves the equation.
inline Proof Simulate(const TrapdoorKey& t, std::span<const Fr> inputs, Random& random) {
  const Fr a = RandomField<Fr>(random);
  const Fr b = RandomField<Fr>(random);
  const Fr c = (a * b - t.alpha * t.beta - StatementScalar(t, inputs) * t.gamma) * t.delta.Inverse();
  return {Times(G1Generator(), a), Times(G2Generator(), b), Times(G1Generator(), c)};
}

}  // namespace prooflode::groth16
