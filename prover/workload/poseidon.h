// The Poseidon hash with circomlib's parameters: of 1 to 16 field elements, natively and as a gadget.
#pragma once

#include <span>
#include <vector>

#include "prover/workload/builder.h"

namespace prooflode::workload {

constexpr size_t kPoseidonInputsMax = 16;

// The first lane of the permutation of (0, inputs…); equal to circomlib's Poseidon(inputs.size()).
// 1 <= inputs.size() <= kPoseidonInputsMax.
Fr Poseidon(std::span<const Fr> inputs);

// The same as a combination of width = inputs.size() + 1 wires. Constraints: 3 for every S-box with a varying
// input (8·width + partial rounds - 1), and width - 1 for each time that the lanes without S-box are
// shortened: 246 for two inputs, 314 for four, 351 for five.
//
// Each S-box makes three wires: x², x⁴ and, in place of x⁵, the input of an S-box of the next round; x⁵ is a
// combination of those by the inverse of the mixing matrix. So the two factors of nearly every constraint are
// single wires, and the long combinations stand on the right, where they cost a prover nothing.
LinearCombination Poseidon(Builder& builder, std::span<const LinearCombination> inputs);

}  // namespace prooflode::workload
