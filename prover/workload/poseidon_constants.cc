#include "prover/workload/poseidon_constants.h"

#include <array>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace prooflode::workload {
namespace {

constexpr int kFieldBits = 254;
constexpr std::array<int, 16> kPartialRounds = {56, 57, 56, 60, 60, 63, 64, 63,
                                                60, 66, 60, 65, 70, 60, 64, 68};

// The 80-bit Grain LFSR, seeded by the instance it makes parameters for.
class GrainStream {
 public:
  GrainStream(int width, int full_rounds, int partial_rounds) {
    Append(1, 2);  // a prime field
    Append(0, 4);  // the S-box is a power
    Append(kFieldBits, 12);
    Append(width, 12);
    Append(full_rounds, 10);
    Append(partial_rounds, 10);
    Append((1 << 30) - 1, 30);
    PL_CHECK(size_ == static_cast<int>(state_.size()));
    for (int i = 0; i < 160; ++i) Step();
  }

  // An integer of kFieldBits bits, the highest first.
  Limbs NextInteger() {
    Limbs value{};
    for (int i = kFieldBits - 1; i >= 0; --i) {
      value[static_cast<size_t>(i) / 64] |= uint64_t{NextBit()} << (i % 64);
    }
    return value;
  }

 private:
  void Append(int value, int bits) {
    for (int i = bits - 1; i >= 0; --i) state_[static_cast<size_t>(size_++)] = ((value >> i) & 1) != 0;
  }
  bool At(int i) const { return state_[static_cast<size_t>(head_ + i) % state_.size()]; }
  bool Step() {
    const bool bit = At(62) ^ At(51) ^ At(38) ^ At(23) ^ At(13) ^ At(0);
    state_[static_cast<size_t>(head_)] = bit;
    head_ = (head_ + 1) % static_cast<int>(state_.size());
    return bit;
  }
  // Of each pair the first bit says whether the second is used.
  bool NextBit() {
    while (true) {
      const bool use = Step();
      const bool bit = Step();
      if (use) return bit;
    }
  }

  std::array<bool, 80> state_{};
  int size_ = 0;
  int head_ = 0;
};

Fr NextBelowModulus(GrainStream& stream) {
  while (true) {
    if (const auto value = Fr::FromCanonical(stream.NextInteger())) return *value;
  }
}

Fr NextReduced(GrainStream& stream) {
  const Limbs value = stream.NextInteger();
  Limbs reduced{};
  const bool below = fp_internal::Sub(reduced, value, Fr::kModulus) != 0;
  return *Fr::FromCanonical(below ? value : reduced);  // 2^254 < 2·r
}

// Gauss-Jordan; the matrix is known to be invertible, as every Cauchy matrix of distinct elements is.
std::vector<Fr> Invert(std::vector<Fr> matrix, size_t n) {
  std::vector<Fr> inverse(n * n);
  for (size_t i = 0; i < n; ++i) inverse[i * n + i] = Fr::One();
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    while (matrix[pivot * n + column].IsZero()) {
      ++pivot;
      PL_CHECK(pivot < n);
    }
    for (size_t j = 0; j < n; ++j) {
      std::swap(matrix[pivot * n + j], matrix[column * n + j]);
      std::swap(inverse[pivot * n + j], inverse[column * n + j]);
    }
    const Fr scale = matrix[column * n + column].Inverse();
    for (size_t j = 0; j < n; ++j) {
      matrix[column * n + j] *= scale;
      inverse[column * n + j] *= scale;
    }
    for (size_t row = 0; row < n; ++row) {
      const Fr factor = matrix[row * n + column];
      if (row == column || factor.IsZero()) continue;
      for (size_t j = 0; j < n; ++j) {
        matrix[row * n + j] -= factor * matrix[column * n + j];
        inverse[row * n + j] -= factor * inverse[column * n + j];
      }
    }
  }
  return inverse;
}

PoseidonParameters Generate(int width) {
  PoseidonParameters parameters{};
  parameters.width = width;
  parameters.partial_rounds = kPartialRounds[static_cast<size_t>(width - kPoseidonWidthMin)];
  GrainStream stream(width, kPoseidonFullRounds, parameters.partial_rounds);
  for (int i = 0; i < width * parameters.rounds(); ++i) {
    parameters.round_constants.push_back(NextBelowModulus(stream));
  }
  const auto n = static_cast<size_t>(width);
  std::vector<Fr> points;  // x_0 … x_{n-1}, y_0 … y_{n-1}; for these widths the first draw has no repeats
  for (size_t i = 0; i < 2 * n; ++i) points.push_back(NextReduced(stream));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      const Fr sum = points[i] + points[n + j];
      PL_CHECK(!sum.IsZero());
      parameters.mix.push_back(sum.Inverse());
    }
  }
  parameters.mix_inverse = Invert(parameters.mix, n);
  return parameters;
}

}  // namespace

const PoseidonParameters& PoseidonParametersFor(int width) {
  PL_CHECK(width >= kPoseidonWidthMin && width <= kPoseidonWidthMax);
  struct Slot {
    std::once_flag once;
    PoseidonParameters parameters;
  };
  static std::array<Slot, kPartialRounds.size()> slots;
  Slot& slot = slots[static_cast<size_t>(width - kPoseidonWidthMin)];
  std::call_once(slot.once, [&] { slot.parameters = Generate(width); });
  return slot.parameters;
}

}  // namespace prooflode::workload
