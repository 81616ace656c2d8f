// Records constraints and computes the witness at the same time: every gadget is written once.
//
// A gadget must let nothing but constants decide which constraints it records, so that the system is the same
// for every witness. Values are never checked while building: cheated inputs give a system that the witness
// does not satisfy. Wires may be made in any order; Finish puts public outputs, public inputs, private inputs
// and the rest in the order that circom's files want. Operations on constants are folded and cost nothing.
// Memory: 36 bytes a term, 41 a wire and 12 a constraint, doubled for a moment while a vector grows. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prover/workload/linear_combination.h"
#include "prover/workload/workload.h"

namespace prooflode::workload {

class Builder {
 public:
  Builder();

  // A wire of each kind. All but the output are unconstrained: the caller's constraints give them their
  // meaning.
  LinearCombination PublicOutput(const LinearCombination& value);
  LinearCombination PublicInput(const Fr& value) { return NewWire(WireKind::kPublicInput, value); }
  LinearCombination PrivateInput(const Fr& value) { return NewWire(WireKind::kPrivateInput, value); }
  LinearCombination Intermediate(const Fr& value) { return NewWire(WireKind::kIntermediate, value); }

  // a·b = c: one constraint.
  void Constrain(const LinearCombination& a, const LinearCombination& b, const LinearCombination& c);
  // a = b: one linear constraint (0·0 = a - b, as circom writes it), none if they are the same combination.
  void AssertEqual(const LinearCombination& a, const LinearCombination& b);
  // a·b: a new wire and one constraint, or none if either is constant.
  LinearCombination Mul(const LinearCombination& a, const LinearCombination& b);
  // a·b + c: a new wire and one constraint, or none if a or b is constant.
  LinearCombination MulAdd(const LinearCombination& a, const LinearCombination& b,
                           const LinearCombination& c);
  // A wire equal to `a`: one linear constraint, or none if `a` is a constant or a single term. Keeps
  // combinations short.
  LinearCombination Shorten(const LinearCombination& a);

  // a is 0 or 1: one constraint.
  void AssertBit(const LinearCombination& a) { Constrain(a, a, a); }
  // value = sum of 2^i·bits[i] with `count` bits, 1 <= count <= 253 so that there is one such form: count + 1
  // constraints, none if `value` is constant (the bits are then constants; it must be in range).
  // Values out of range have no satisfying witness; the witness then holds the low bits.
  std::vector<LinearCombination> Bits(const LinearCombination& value, int count);
  // As Bits, and the integer is at most `max`, whose highest set bit is number count - 1; count <= 254. Costs
  // one more constraint for each set bit of `max` above its lowest clear bit, and its highest.
  std::vector<LinearCombination> BitsAtMost(const LinearCombination& value, int count, const Limbs& max);

  size_t constraint_count() const { return system_.constraint_count(); }

  // The system and witness with wires in file order. The builder is spent.
  Circuit Finish() &&;

 private:
  enum class WireKind : uint8_t { kOne, kPublicOutput, kPublicInput, kPrivateInput, kIntermediate };

  LinearCombination NewWire(WireKind kind, const Fr& value);
  void AppendCombination(const LinearCombination& combination);

  ConstraintSystem system_;
  std::vector<Fr> values_;
  std::vector<WireKind> kinds_;
};

// The sum of 2^i·bits[i].
LinearCombination Pack(std::span<const LinearCombination> bits);
// if_one where bit is 1, if_zero where it is 0: one constraint.
LinearCombination Select(Builder& builder, const LinearCombination& bit, const LinearCombination& if_one,
                         const LinearCombination& if_zero);

inline bool LimbBit(const Limbs& limbs, int i) {
  return ((limbs[static_cast<size_t>(i) / 64] >> (i % 64)) & 1) != 0;
}

}  // namespace prooflode::workload
