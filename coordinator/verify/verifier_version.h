// Which verifier decided: every verdict in the log carries this number.
#pragma once

#include <cstdint>

namespace prooflode::verify {

// To be raised by one with every change after which some proof, key or public input could be judged otherwise
// than before: decoding, curve and subgroup checks, the pairing, the equation, the repair of a wrong verdict.
// Not for speed, logging or metrics. docs/formats/log.md lists what each version was.
constexpr uint32_t kVerifierVersion = 1;

}  // namespace prooflode::verify
