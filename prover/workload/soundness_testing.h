// For tests: does a constraint system pin its witness down? A wire that the constraints forget is a forged
// statement.
#pragma once

#include <cstdint>
#include <vector>

#include "prover/workload/workload.h"

namespace prooflode::workload {

// Wires (but the constant) that can be changed alone, to 1 - value or to value + 7, without violating any
// constraint.
std::vector<uint32_t> FreeWires(const Circuit& circuit);

// Wires that are neither inputs nor determined by the inputs near this witness: those left without a pivot
// when the Jacobian of all constraints with respect to them is eliminated. A constraint that mentions a
// single undetermined wire and is quadratic in it also determines it, for it leaves two values at most (b·b =
// 0 has no derivative at 0). Stronger than FreeWires, since it sees changes of many wires together. The
// witness must satisfy the system.
std::vector<uint32_t> UndeterminedWires(const Circuit& circuit);

// The witness as field elements.
std::vector<Fr> ValuesOf(const Circuit& circuit);

}  // namespace prooflode::workload
