#include "prover/workload/linear_combination.h"

#include <utility>

namespace prooflode::workload {

LinearCombination LinearCombination::Constant(const Fr& value) { return Wire(0, Fr::One()) * value; }

LinearCombination LinearCombination::Wire(uint32_t wire, const Fr& value) {
  LinearCombination out;
  out.value_ = value;
  out.terms_.push_back({wire, Fr::One()});
  return out;
}

void LinearCombination::AddScaled(const LinearCombination& other, const Fr& scale) {
  if (scale.IsZero() || other.terms_.empty()) return;
  value_ += other.value_ * scale;
  if (terms_.empty() || terms_.back().wire < other.terms_.front().wire) {
    for (const Term& term : other.terms_) terms_.push_back({term.wire, term.coefficient() * scale});
    return;
  }
  std::vector<Term> merged;
  merged.reserve(terms_.size() + other.terms_.size());
  size_t i = 0;
  for (const Term& term : other.terms_) {
    while (i < terms_.size() && terms_[i].wire < term.wire) merged.push_back(terms_[i++]);
    Fr coefficient = term.coefficient() * scale;
    if (i < terms_.size() && terms_[i].wire == term.wire) coefficient += terms_[i++].coefficient();
    if (!coefficient.IsZero()) merged.push_back({term.wire, coefficient});
  }
  merged.insert(merged.end(), terms_.begin() + static_cast<std::ptrdiff_t>(i), terms_.end());
  terms_ = std::move(merged);
}

void LinearCombination::AddConstant(const Fr& constant) { AddScaled(Wire(0, Fr::One()), constant); }

LinearCombination& LinearCombination::operator+=(const LinearCombination& b) {
  AddScaled(b, Fr::One());
  return *this;
}

LinearCombination& LinearCombination::operator-=(const LinearCombination& b) {
  AddScaled(b, -Fr::One());
  return *this;
}

LinearCombination operator*(const LinearCombination& a, const Fr& scale) {
  LinearCombination out;
  out.AddScaled(a, scale);
  return out;
}

}  // namespace prooflode::workload
