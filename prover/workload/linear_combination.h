// A linear combination of wires together with its value under the witness being built.
//
// Terms are kept in ascending order of wire, at most one a wire, none zero; wire 0 is the constant one.
// Adding is a merge: cost is the sum of both lengths, or the other's alone where its wires are all newer.
// Plain data, no locks.
#pragma once

#include <span>
#include <vector>

#include "kernels/field/bn254.h"
#include "prover/format/r1cs.h"

namespace prooflode::workload {

class LinearCombination {
 public:
  LinearCombination() = default;  // zero
  static LinearCombination Constant(const Fr& value);
  static LinearCombination Constant(uint64_t value) { return Constant(Fr::FromU64(value)); }
  // Only the builder knows which value a wire has.
  static LinearCombination Wire(uint32_t wire, const Fr& value);

  const Fr& value() const { return value_; }
  std::span<const Term> terms() const { return terms_; }
  // Whether no wire but the constant one takes part: the value is then part of the circuit, the same in every
  // witness.
  bool IsConstant() const { return terms_.empty() || (terms_.size() == 1 && terms_[0].wire == 0); }

  // *this += scale·other.
  void AddScaled(const LinearCombination& other, const Fr& scale);
  void AddConstant(const Fr& constant);

  LinearCombination& operator+=(const LinearCombination& b);
  LinearCombination& operator-=(const LinearCombination& b);
  friend LinearCombination operator+(LinearCombination a, const LinearCombination& b) { return a += b; }
  friend LinearCombination operator-(LinearCombination a, const LinearCombination& b) { return a -= b; }
  friend LinearCombination operator*(const LinearCombination& a, const Fr& scale);

 private:
  Fr value_;
  std::vector<Term> terms_;
};

}  // namespace prooflode::workload
