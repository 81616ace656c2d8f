// Uniform elements of the scalar field, for blinding and for toxic waste.
#pragma once

#include "base/env.h"
#include "kernels/field/bn254.h"

namespace prooflode {

// Uniform in [0, r) by rejection: 254 random bits, drawn again while they are not below r (about one time in
// four).
inline Fr RandomFr(Random& random) {
  while (true) {
    Limbs candidate{};
    random.Fill({reinterpret_cast<uint8_t*>(candidate.data()), sizeof(candidate)});
    candidate[3] &= (uint64_t{1} << 62) - 1;
    if (const std::optional<Fr> value = Fr::FromCanonical(candidate)) return *value;
  }
}

}  // namespace prooflode
