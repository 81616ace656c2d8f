// How hard it is to forge proofs over BN254.
#pragma once

#include <cstdint>

namespace prooflode::groth16 {

// Bits of work of the best known attack: discrete logarithms in the pairing's target group of 12 · 254 bits
// by the special extended tower number field sieve (Kim and Barbulescu 2016, eprint 2015/1027), estimated at
// about 2^100 for this curve by Barbulescu and Duquesne (2017, eprint 2017/334, "Updating key size
// estimations for pairings"). The 128 bits that are often told are from before 2016.
constexpr uint32_t kBn254SecurityBits = 100;

}  // namespace prooflode::groth16
