// Which wires of a constraint system can be nothing but 0 or 1, by its constraints. A prover adds for such a
// wire once where a full-size value takes an addition for each window, so that prices need to know.
#pragma once

#include <vector>

#include "prover/format/r1cs.h"

namespace prooflode::groth16 {

// For each wire whether the constraints prove that it is 0 or 1. Sound: a wire that is told so is one in
// every satisfying witness. Not complete: a constraint speaks of a wire only if the others in it, at most
// four, are known to be bits; they are tried in every combination. Twice in order over all constraints.
// Cost: up to 4 µs for each such constraint; one bit a wire.
std::vector<bool> BitWires(const ConstraintSystem& system);

}  // namespace prooflode::groth16
