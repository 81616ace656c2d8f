// The part of a Groth16 verification that depends on the statement: IC[0] + sum of inputs[i]·IC[i + 1].
//
// Fixed bases: each 64-bit quarter of an input has the multiples 1..15 of its own base in a table (3.8 kB an
// input), so that all quarters of all inputs share 60 doublings (Straus 1964; Lim and Lee, CRYPTO '94). Above
// kTabledInputsMax inputs the tables would take more than they save: there the sum is a multi-scalar
// multiplication.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/curve/bn254.h"

namespace prooflode::groth16 {

// Immutable after construction, thread-safe.
class InputCombination {
 public:
  static constexpr size_t kTabledInputsMax = 256;

  // `ic` is not empty; its points are on the curve. About 4000 products in Fq a point where there are tables.
  explicit InputCombination(std::span<const G1Affine> ic);

  // One less than the points given.
  size_t input_count() const { return tables_.size() + points_.size(); }

  // `inputs` has input_count() values. About 600 products in Fq an input, and 600 more; fewer without
  // tables. Once `cancel` is cancelled it returns soon, and not the sum.
  G1Xyzz Combine(std::span<const Fr> inputs, const CancelToken* cancel = nullptr) const;

 private:
  static constexpr int kQuarters = 4;
  static constexpr int kWindowBits = 4;
  static constexpr int kMultiples = (1 << kWindowBits) - 1;
  // [quarter·kMultiples + multiple - 1] = multiple·2^(64·quarter)·base.
  using Table = std::array<G1Affine, kQuarters * kMultiples>;

  static Table MakeTable(const G1Affine& base);

  G1Affine constant_;
  std::vector<Table> tables_;
  std::vector<G1Affine> points_;  // instead of tables, where there are many
};

}  // namespace prooflode::groth16
