// circom .r1cs files and the constraint system they hold: for each constraint <A,w>·<B,w> = <C,w>. Layout:
// docs/formats/r1cs.md.
#pragma once

#include <array>
#include <bit>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "kernels/field/bn254.h"

namespace prooflode {

// 36 bytes, as in the file: the coefficient, in Montgomery form, is kept as words of 32 bits, so that no
// padding makes a term in memory larger.
class Term {
 public:
  Term() = default;
  Term(uint32_t wire_index, const Fr& coefficient)
      : wire(wire_index), words_(std::bit_cast<std::array<uint32_t, 8>>(coefficient.limbs)) {}
  Fr coefficient() const { return Fr{std::bit_cast<Limbs>(words_)}; }
  friend bool operator==(const Term&, const Term&) = default;

  uint32_t wire = 0;

 private:
  std::array<uint32_t, 8> words_{};
};
static_assert(sizeof(Term) == 36);

// Wire 0 is the constant one, then public outputs, public inputs, private inputs and intermediate wires.
struct ConstraintSystem {
  uint32_t wire_count = 1;
  uint32_t public_output_count = 0;
  uint32_t public_input_count = 0;
  uint32_t private_input_count = 0;
  // Linear combinations, three a constraint (A, B, C), stored back to back: combination i is
  // terms[offsets[i]] … terms[offsets[i + 1]].
  std::vector<Term> terms;
  std::vector<uint32_t> offsets = {0};

  size_t constraint_count() const { return (offsets.size() - 1) / 3; }
  uint32_t public_count() const { return public_output_count + public_input_count; }
  std::span<const Term> combination(size_t constraint, int which) const {
    const size_t i = constraint * 3 + static_cast<size_t>(which);
    return {terms.data() + offsets[i], terms.data() + offsets[i + 1]};
  }
  // What was appended to `terms` since the last call is the next combination.
  void EndCombination();
  friend bool operator==(const ConstraintSystem&, const ConstraintSystem&) = default;
};

constexpr uint32_t kConstraintsMax = uint32_t{1} << 28;
constexpr uint32_t kWiresMax = uint32_t{1} << 29;
// A file of 154 GB; offsets take four bytes.
constexpr uint64_t kTermsMax = UINT32_MAX;

// How many wires a file without labels may have that no term names. Labels take eight bytes a wire, so that
// either way the wire count is bounded by the length of the file.
constexpr uint32_t kUnusedWiresMax = uint32_t{1} << 16;

// Every wire below wire_count, every coefficient below r. Files with custom gates are refused. Memory: what
// the file takes (36 bytes a term, 12 a constraint) and under 1 MB beside it.
StatusOr<ConstraintSystem> ReadR1cs(const std::string& path);
StatusOr<ConstraintSystem> ReadR1csFd(int fd, const std::string& name);
// In circom's section order; wire i gets label i.
Status WriteR1cs(const std::string& path, const ConstraintSystem& system);

// The index of the first constraint that `values` (canonical, wire_count of them) does not satisfy, or
// nullopt.
std::optional<size_t> FirstUnsatisfied(const ConstraintSystem& system, std::span<const Limbs> values);

}  // namespace prooflode
