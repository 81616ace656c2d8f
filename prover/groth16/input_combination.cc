#include "prover/groth16/input_combination.h"

#include <array>

#include "base/check.h"
#include "kernels/curve/batch_affine.h"
#include "kernels/msm/msm.h"

namespace prooflode::groth16 {

InputCombination::InputCombination(std::span<const G1Affine> ic) {
  PL_CHECK(!ic.empty());
  constant_ = ic[0];
  if (ic.size() - 1 > kTabledInputsMax) {
    points_.assign(ic.begin() + 1, ic.end());
    return;
  }
  tables_.reserve(ic.size() - 1);
  for (const G1Affine& base : ic.subspan(1)) tables_.push_back(MakeTable(base));
}

InputCombination::Table InputCombination::MakeTable(const G1Affine& base) {
  std::array<G1Xyzz, kQuarters * kMultiples> points;
  G1Xyzz quarter_base = G1Xyzz::FromAffine(base);
  for (int quarter = 0; quarter < kQuarters; ++quarter) {
    G1Xyzz multiple = quarter_base;
    for (int i = 0; i < kMultiples; ++i) {
      points[quarter * kMultiples + i] = multiple;
      multiple = multiple + quarter_base;
    }
    for (int i = 0; i < 64; ++i) quarter_base = quarter_base.Double();
  }
  Table table;
  BatchToAffine<Fq>(points, table);
  return table;
}

G1Xyzz InputCombination::Combine(std::span<const Fr> inputs, const CancelToken* cancel) const {
  PL_CHECK(inputs.size() == input_count());
  std::vector<Limbs> scalars;
  scalars.reserve(inputs.size());
  for (const Fr& input : inputs) scalars.push_back(input.ToCanonical());
  if (!points_.empty()) {
    ThreadPool caller(1);  // verifiers run beside each other: no further threads
    return MsmG1(points_, scalars, caller, {.cancel = cancel}) + constant_;
  }
  G1Xyzz sum = G1Xyzz::Infinity();
  for (int shift = 64 - kWindowBits; shift >= 0; shift -= kWindowBits) {
    if (!sum.IsInfinity()) {
      for (int i = 0; i < kWindowBits; ++i) sum = sum.Double();
    }
    for (size_t i = 0; i < scalars.size(); ++i) {
      for (int quarter = 0; quarter < kQuarters; ++quarter) {
        const size_t digit = (scalars[i][quarter] >> shift) & kMultiples;
        if (digit != 0) sum = sum + tables_[i][quarter * kMultiples + digit - 1];
      }
    }
  }
  return sum + constant_;
}

}  // namespace prooflode::groth16
