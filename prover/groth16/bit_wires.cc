#include "prover/groth16/bit_wires.h"

#include <algorithm>
#include <array>
#include <optional>

namespace prooflode::groth16 {
namespace {

constexpr size_t kKnownMax = 4;
constexpr int kPasses = 2;

// What A, B and C of one constraint say of a wire, or of none.
struct Weights {
  std::array<Fr, 3> of{};
  void Add(const Weights& other) {
    for (size_t i = 0; i < of.size(); ++i) of[i] += other.of[i];
  }
  // Whether A·B = C.
  bool Holds() const { return of[0] * of[1] == of[2]; }
};

// A constraint of one wire that is to be found out and some that are bits.
class Row {
 public:
  explicit Row(const std::vector<bool>& bits) : bits_(bits) {}

  // False where the constraint has another form.
  bool Load(const ConstraintSystem& system, size_t constraint) {
    constant_ = {};
    unknown_.reset();
    known_count_ = 0;
    for (const int which : {0, 1, 2}) {
      for (const Term& term : system.combination(constraint, which)) {
        Weights* const weights = WeightsOf(term.wire);
        if (weights == nullptr) return false;
        weights->of[static_cast<size_t>(which)] += term.coefficient();
      }
    }
    return unknown_.has_value();
  }

  uint32_t wire() const { return *unknown_; }

  // Whether every combination of the known bits leaves the wire 0 or 1 only.
  bool ForcesBit() const {
    for (size_t choice = 0; choice < size_t{1} << known_count_; ++choice) {
      Weights at_zero = constant_;
      for (size_t i = 0; i < known_count_; ++i) {
        if ((choice >> i & 1) != 0) at_zero.Add(known_[i].weights);
      }
      Weights at_one = at_zero;
      at_one.Add(of_unknown_);
      // A·B - C is a polynomial of the wire. Of degree two it has no other roots than 0 and 1 if both are
      // roots; of degree one if one of them is; and both being roots says that it vanishes everywhere.
      const bool square = !of_unknown_.of[0].IsZero() && !of_unknown_.of[1].IsZero();
      const bool zero = at_zero.Holds();
      const bool one = at_one.Holds();
      if (square ? !(zero && one) : zero == one) return false;
    }
    return true;
  }

 private:
  struct Known {
    uint32_t wire = 0;
    Weights weights;
  };

  // nullptr where there would be too many.
  Weights* WeightsOf(uint32_t wire) {
    if (wire == 0) return &constant_;
    if (unknown_ == wire) return &of_unknown_;
    if (!bits_[wire]) {
      if (unknown_) return nullptr;
      unknown_ = wire;
      of_unknown_ = {};
      return &of_unknown_;
    }
    for (size_t i = 0; i < known_count_; ++i) {
      if (known_[i].wire == wire) return &known_[i].weights;
    }
    if (known_count_ == kKnownMax) return nullptr;
    known_[known_count_] = {wire, {}};
    return &known_[known_count_++].weights;
  }

  const std::vector<bool>& bits_;
  Weights constant_;
  std::optional<uint32_t> unknown_;
  Weights of_unknown_;
  std::array<Known, kKnownMax> known_;
  size_t known_count_ = 0;
};

}  // namespace

std::vector<bool> BitWires(const ConstraintSystem& system) {
  std::vector<bool> bits(system.wire_count, false);
  bits[0] = true;  // the constant one
  Row row(bits);
  for (int pass = 0; pass < kPasses; ++pass) {
    for (size_t i = 0; i < system.constraint_count(); ++i) {
      if (row.Load(system, i) && row.ForcesBit()) bits[row.wire()] = true;
    }
  }
  return bits;
}

}  // namespace prooflode::groth16
