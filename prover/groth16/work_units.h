// What a proof costs, as one number that makes prices of circuits comparable. docs/circuits.md tells it to
// people, with the measurements behind it.
#pragma once

#include <cstdint>
#include <vector>

#include "prover/groth16/types.h"

namespace prooflode::groth16 {

// Work units of one proof: about one for each constraint of a large circuit with full-size values. Counts
// what a prover does by the sizes of the key alone, never by a witness: transforms of the domain, sums over
// the points of A, B1, B2, C and H that are not infinity, entries of A and B. `bits` says of each wire
// whether it can be nothing but 0 or 1 (bit_wires.h), or is empty where that is not known: then every value
// counts as full-size, and circuits of bits come out at up to three times their worth. Deterministic:
// integers only, and no part of it follows the prover's own tuning. At least 1.
uint64_t WorkUnits(const ProvingKey& key, const std::vector<bool>& bits);

}  // namespace prooflode::groth16
