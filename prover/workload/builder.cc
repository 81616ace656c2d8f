#include "prover/workload/builder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace prooflode::workload {

Builder::Builder() {
  values_.push_back(Fr::One());
  kinds_.push_back(WireKind::kOne);
}

LinearCombination Builder::NewWire(WireKind kind, const Fr& value) {
  const auto wire = static_cast<uint32_t>(values_.size());
  PL_CHECK(wire == values_.size());
  values_.push_back(value);
  kinds_.push_back(kind);
  return LinearCombination::Wire(wire, value);
}

void Builder::AppendCombination(const LinearCombination& combination) {
  const auto terms = combination.terms();
  system_.terms.insert(system_.terms.end(), terms.begin(), terms.end());
  system_.EndCombination();
}

void Builder::Constrain(const LinearCombination& a, const LinearCombination& b, const LinearCombination& c) {
  AppendCombination(a);
  AppendCombination(b);
  AppendCombination(c);
}

void Builder::AssertEqual(const LinearCombination& a, const LinearCombination& b) {
  const LinearCombination difference = a - b;
  if (!difference.terms().empty()) Constrain({}, {}, difference);
}

LinearCombination Builder::PublicOutput(const LinearCombination& value) {
  LinearCombination output = NewWire(WireKind::kPublicOutput, value.value());
  AssertEqual(output, value);
  return output;
}

LinearCombination Builder::Mul(const LinearCombination& a, const LinearCombination& b) {
  if (a.IsConstant()) return b * a.value();
  if (b.IsConstant()) return a * b.value();
  LinearCombination product = Intermediate(a.value() * b.value());
  Constrain(a, b, product);
  return product;
}

LinearCombination Builder::MulAdd(const LinearCombination& a, const LinearCombination& b,
                                  const LinearCombination& c) {
  if (a.IsConstant() || b.IsConstant()) return Mul(a, b) + c;
  LinearCombination sum = Intermediate(a.value() * b.value() + c.value());
  Constrain(a, b, sum - c);
  return sum;
}

LinearCombination Builder::Shorten(const LinearCombination& a) {
  if (a.terms().size() <= 1) return a;
  LinearCombination wire = Intermediate(a.value());
  AssertEqual(wire, a);
  return wire;
}

std::vector<LinearCombination> Builder::Bits(const LinearCombination& value, int count) {
  PL_CHECK(count >= 1 && count <= 253);
  const Limbs canonical = value.value().ToCanonical();
  std::vector<LinearCombination> bits;
  for (int i = 0; i < count; ++i) {
    const Fr bit = Fr::FromU64(LimbBit(canonical, i) ? 1 : 0);
    if (value.IsConstant()) {
      bits.push_back(LinearCombination::Constant(bit));
    } else {
      bits.push_back(Intermediate(bit));
      AssertBit(bits.back());
    }
  }
  AssertEqual(Pack(bits), value);
  return bits;
}

// From the highest bit down, `equal` is 1 while all bits were those of `max`. Where max has a set bit, equal
// is multiplied by the bit; where it has a clear bit, the bit must be 0 if equal is 1, which joins with the
// test for a bit: b·(1 - equal - b) = 0 (Hopwood et al., Zcash protocol specification, A.3.2.2). Below the
// lowest clear bit nothing can exceed max any more.
std::vector<LinearCombination> Builder::BitsAtMost(const LinearCombination& value, int count,
                                                   const Limbs& max) {
  PL_CHECK(count >= 1 && count <= 254 && LimbBit(max, count - 1));
  for (int i = count; i < 256; ++i) PL_CHECK(!LimbBit(max, i));
  int lowest_clear = 0;
  while (lowest_clear < count && LimbBit(max, lowest_clear)) ++lowest_clear;

  const Limbs canonical = value.value().ToCanonical();
  std::vector<LinearCombination> bits(static_cast<size_t>(count));
  LinearCombination equal = LinearCombination::Constant(1);
  for (int i = count - 1; i >= 0; --i) {
    LinearCombination& bit = bits[static_cast<size_t>(i)];
    bit = Intermediate(Fr::FromU64(LimbBit(canonical, i) ? 1 : 0));
    if (LimbBit(max, i)) {
      AssertBit(bit);
      if (i > lowest_clear) equal = Mul(equal, bit);
    } else {
      Constrain(bit, LinearCombination::Constant(1) - equal - bit, {});
    }
  }
  AssertEqual(Pack(bits), value);
  return bits;
}

Circuit Builder::Finish() && {
  std::array<uint32_t, 6>
      next{};  // next[k]: number of wires of kinds below k, then the next free place of kind k
  for (WireKind kind : kinds_) ++next[static_cast<size_t>(kind) + 1];
  Circuit circuit{std::move(system_), {}};
  ConstraintSystem& system = circuit.system;
  system.wire_count = static_cast<uint32_t>(values_.size());
  system.public_output_count = next[static_cast<size_t>(WireKind::kPublicOutput) + 1];
  system.public_input_count = next[static_cast<size_t>(WireKind::kPublicInput) + 1];
  system.private_input_count = next[static_cast<size_t>(WireKind::kPrivateInput) + 1];
  for (size_t k = 1; k < next.size(); ++k) next[k] += next[k - 1];

  std::vector<uint32_t> place(values_.size());
  circuit.witness.values.resize(values_.size());
  for (size_t i = 0; i < values_.size(); ++i) {
    place[i] = next[static_cast<size_t>(kinds_[i])]++;
    circuit.witness.values[place[i]] = values_[i].ToCanonical();
  }
  for (Term& term : system.terms) term.wire = place[term.wire];
  for (size_t i = 0; i + 1 < system.offsets.size(); ++i) {
    std::sort(system.terms.begin() + static_cast<std::ptrdiff_t>(system.offsets[i]),
              system.terms.begin() + static_cast<std::ptrdiff_t>(system.offsets[i + 1]),
              [](const Term& a, const Term& b) { return a.wire < b.wire; });
  }
  return circuit;
}

LinearCombination Pack(std::span<const LinearCombination> bits) {
  LinearCombination sum;
  Fr weight = Fr::One();
  for (const LinearCombination& bit : bits) {
    sum.AddScaled(bit, weight);
    weight = weight.Double();
  }
  return sum;
}

LinearCombination Select(Builder& builder, const LinearCombination& bit, const LinearCombination& if_one,
                         const LinearCombination& if_zero) {
  return builder.MulAdd(bit, if_one - if_zero, if_zero);
}

}  // namespace prooflode::workload
