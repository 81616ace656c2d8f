// SHA-256 (FIPS 180-4) as a gadget over the bits of a message.
//
// about 27,000 constraints a block of 64 bytes, of which a message of n bytes has n/64 + 1 (one more if n mod
// 64 > 55); padding and initial state are constants and are folded, which makes the first and the last block
// a little cheaper.
#pragma once

#include <array>
#include <span>

#include "prover/workload/builder.h"

namespace prooflode::workload {

// The digest's two halves as integers of 128 bits, the first half first. `message` holds the bits of whole
// bytes, the highest bit of each byte first, every one constrained to 0 or 1 by the caller.
std::array<LinearCombination, 2> Sha256(Builder& builder, std::span<const LinearCombination> message);

}  // namespace prooflode::workload
