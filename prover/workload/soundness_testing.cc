#include "prover/workload/soundness_testing.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"

namespace prooflode::workload {
namespace {

Fr Evaluate(std::span<const Term> combination, const std::vector<Fr>& values) {
  Fr sum;
  for (const Term& term : combination) sum += term.coefficient() * values[term.wire];
  return sum;
}

bool IsSatisfied(const ConstraintSystem& system, size_t constraint, const std::vector<Fr>& values) {
  return Evaluate(system.combination(constraint, 0), values) *
             Evaluate(system.combination(constraint, 1), values) ==
         Evaluate(system.combination(constraint, 2), values);
}

using Row = std::map<uint32_t, Fr>;  // differentials of wires, none with coefficient zero

void AddTo(Row& row, uint32_t wire, const Fr& coefficient) {
  Fr& sum = row[wire];
  sum += coefficient;
  if (sum.IsZero()) row.erase(wire);
}

class Eliminator {
 public:
  explicit Eliminator(const Circuit& circuit)
      : system_(circuit.system), values_(ValuesOf(circuit)), pivots_(system_.wire_count) {
    const uint32_t inputs_begin = 1 + system_.public_output_count;
    const uint32_t inputs_end = inputs_begin + system_.public_input_count + system_.private_input_count;
    pivots_[0] = Row();
    for (uint32_t wire = inputs_begin; wire < inputs_end; ++wire) pivots_[wire] = Row();
  }

  std::vector<uint32_t> Run() {
    for (size_t i = 0; i < system_.constraint_count(); ++i) {
      Row row = Reduced(Gradient(i));
      if (row.empty()) continue;
      const auto [wire, coefficient] = *row.rbegin();
      row.erase(wire);
      const Fr scale = -coefficient.Inverse();
      for (auto& entry : row) entry.second *= scale;
      pivots_[wire] = std::move(row);
    }
    for (bool found = true; found;) {
      found = false;
      for (size_t i = 0; i < system_.constraint_count(); ++i) found = SolveQuadratic(i) || found;
    }
    std::vector<uint32_t> undetermined;
    for (uint32_t wire = 0; wire < system_.wire_count; ++wire) {
      if (!IsDetermined(wire)) undetermined.push_back(wire);
    }
    return undetermined;
  }

 private:
  Row Gradient(size_t constraint) const {
    const auto a = system_.combination(constraint, 0);
    const auto b = system_.combination(constraint, 1);
    const Fr a_value = Evaluate(a, values_);
    const Fr b_value = Evaluate(b, values_);
    Row row;
    for (const Term& term : a) AddTo(row, term.wire, term.coefficient() * b_value);
    for (const Term& term : b) AddTo(row, term.wire, term.coefficient() * a_value);
    for (const Term& term : system_.combination(constraint, 2)) AddTo(row, term.wire, -term.coefficient());
    return row;
  }

  // The row in terms of wires without pivots. Pivot rows are brought up to date on the way; they depend on
  // later pivots only, so this ends.
  Row Reduced(const Row& row) {
    Row out;
    for (const auto& [wire, coefficient] : row) {
      if (!pivots_[wire]) {
        AddTo(out, wire, coefficient);
        continue;
      }
      if (!pivots_[wire]->empty()) pivots_[wire] = Reduced(*pivots_[wire]);
      for (const auto& [other, factor] : *pivots_[wire]) AddTo(out, other, factor * coefficient);
    }
    return out;
  }

  bool IsDetermined(uint32_t wire) {
    if (!pivots_[wire]) return false;
    if (!pivots_[wire]->empty()) pivots_[wire] = Reduced(*pivots_[wire]);
    return pivots_[wire]->empty();
  }

  bool SolveQuadratic(size_t constraint) {
    std::set<uint32_t> unknown;
    for (int which = 0; which < 3; ++which) {
      for (const Term& term : system_.combination(constraint, which)) {
        if (!IsDetermined(term.wire)) unknown.insert(term.wire);
      }
    }
    if (unknown.size() != 1 || pivots_[*unknown.begin()]) return false;
    for (int which = 0; which < 2; ++which) {
      bool found = false;
      for (const Term& term : system_.combination(constraint, which)) {
        found = found || term.wire == *unknown.begin();
      }
      if (!found) return false;
    }
    pivots_[*unknown.begin()] = Row();
    return true;
  }

  const ConstraintSystem& system_;
  std::vector<Fr> values_;
  std::vector<std::optional<Row>> pivots_;  // the wire's differential in terms of others'; empty: determined
};

}  // namespace

std::vector<Fr> ValuesOf(const Circuit& circuit) {
  std::vector<Fr> values;
  for (const Limbs& limbs : circuit.witness.values) {
    const auto value = Fr::FromCanonical(limbs);
    PL_CHECK(value.has_value());
    values.push_back(*value);
  }
  return values;
}

std::vector<uint32_t> FreeWires(const Circuit& circuit) {
  const ConstraintSystem& system = circuit.system;
  std::vector<std::set<size_t>> users(system.wire_count);
  for (size_t i = 0; i < system.constraint_count(); ++i) {
    for (int which = 0; which < 3; ++which) {
      for (const Term& term : system.combination(i, which)) users[term.wire].insert(i);
    }
  }
  std::vector<Fr> values = ValuesOf(circuit);
  std::vector<uint32_t> free;
  for (uint32_t wire = 1; wire < system.wire_count; ++wire) {
    const Fr value = values[wire];
    for (const Fr& changed : {Fr::One() - value, value + Fr::FromU64(7)}) {
      values[wire] = changed;
      bool noticed = false;
      for (size_t constraint : users[wire]) {
        noticed = !IsSatisfied(system, constraint, values);
        if (noticed) break;
      }
      if (!noticed && (free.empty() || free.back() != wire)) free.push_back(wire);
    }
    values[wire] = value;
  }
  return free;
}

std::vector<uint32_t> UndeterminedWires(const Circuit& circuit) { return Eliminator(circuit).Run(); }

}  // namespace prooflode::workload
