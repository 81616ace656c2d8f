// Uniform field elements from a Random.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/bytes.h"
#include "base/env.h"
#include "kernels/field/fp.h"

namespace prooflode::workload {

// Uniform in [0, p), by rejection: fewer than two draws on average.
template <typename F>
F UniformElement(Random& random) {
  while (true) {
    std::array<uint8_t, 32> bytes{};
    random.Fill(bytes);
    Limbs limbs{};
    for (size_t i = 0; i < 4; ++i) limbs[i] = LoadLe<uint64_t>(bytes.data() + 8 * i);
    limbs[3] &= (uint64_t{1} << std::bit_width(F::kModulus[3])) - 1;
    if (const auto value = F::FromCanonical(limbs)) return *value;
  }
}

}  // namespace prooflode::workload
