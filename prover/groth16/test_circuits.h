// Constraint systems small enough to read, with witnesses: for tests alone.
#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include "prover/format/r1cs.h"
#include "prover/format/wtns.h"

namespace prooflode::groth16 {

using TestTerms = std::initializer_list<std::pair<uint32_t, uint64_t>>;  // (wire, coefficient)

inline void AddConstraint(ConstraintSystem& system, TestTerms a, TestTerms b, TestTerms c) {
  for (const TestTerms& combination : {a, b, c}) {
    for (const auto& [wire, coefficient] : combination) {
      system.terms.push_back({wire, Fr::FromU64(coefficient)});
    }
    system.EndCombination();
  }
}

inline Witness SmallWitness(const std::vector<uint64_t>& values) {
  Witness witness;
  for (const uint64_t value : values) witness.values.push_back({value, 0, 0, 0});
  return witness;
}

// Wire 1 (public output) = wire 3 · wire 4, wire 2 (public input) + 1 = wire 5, wire 5 · (2·wire 3 + 7) =
// wire 6.
inline ConstraintSystem ProductCircuit() {
  ConstraintSystem system;
  system.wire_count = 7;
  system.public_output_count = 1;
  system.public_input_count = 1;
  system.private_input_count = 2;
  AddConstraint(system, {{3, 1}}, {{4, 1}}, {{1, 1}});
  AddConstraint(system, {{0, 1}, {2, 1}}, {{0, 1}}, {{5, 1}});
  AddConstraint(system, {{5, 1}}, {{0, 7}, {3, 2}}, {{6, 1}});
  return system;
}
inline Witness ProductWitness() { return SmallWitness({1, 33, 9, 3, 11, 10, 130}); }

// A circuit without public inputs: wire 1 · wire 1 = wire 2, wire 2 · wire 1 = 8.
inline ConstraintSystem CubeCircuit() {
  ConstraintSystem system;
  system.wire_count = 3;
  system.private_input_count = 1;
  AddConstraint(system, {{1, 1}}, {{1, 1}}, {{2, 1}});
  AddConstraint(system, {{2, 1}}, {{1, 1}}, {{0, 8}});
  return system;
}
inline Witness CubeWitness() { return SmallWitness({1, 2, 4}); }

// A chain x -> x² + x + 3 of `length` steps from a private start; the end is public. Fills a domain of any
// size.
inline ConstraintSystem ChainCircuit(uint32_t length) {
  ConstraintSystem system;
  system.wire_count = length + 2;
  system.public_output_count = 1;
  system.private_input_count = 1;
  for (uint32_t i = 0; i < length; ++i) {
    const uint32_t from = i + 2;
    const uint32_t to = i + 1 == length ? 1 : i + 3;
    // x·(x + 1) = y - 3
    system.terms.push_back({from, Fr::One()});
    system.EndCombination();
    system.terms.push_back({0, Fr::One()});
    system.terms.push_back({from, Fr::One()});
    system.EndCombination();
    system.terms.push_back({0, -Fr::FromU64(3)});
    system.terms.push_back({to, Fr::One()});
    system.EndCombination();
  }
  return system;
}
inline Witness ChainWitness(uint32_t length, uint64_t start) {
  Witness witness;
  witness.values.resize(length + 2);
  witness.values[0] = {1, 0, 0, 0};
  Fr x = Fr::FromU64(start);
  for (uint32_t i = 0; i < length; ++i) {
    witness.values[i + 2] = x.ToCanonical();
    x = x * x + x + Fr::FromU64(3);
  }
  witness.values[1] = x.ToCanonical();
  return witness;
}

}  // namespace prooflode::groth16
