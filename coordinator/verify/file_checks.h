// Reads and checks strangers' files when a circuit is registered and when a job is posted, so that no miner
// burns power on a key that is broken or a witness that cannot be proven.
#pragma once

#include <optional>
#include <string>

#include "base/env.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "coordinator/market/types.h"

namespace prooflode::verify {

struct FileLimits {
  uint64_t domain_size_max = uint64_t{1} << 24;
  uint32_t public_inputs_max = 1024;
};

// An open artifact; `name` is for messages, `digest` the SHA-256 of its bytes.
struct OpenFile {
  int fd = -1;
  Digest digest{};
  uint64_t bytes = 0;
  std::string name;
};

// The circuit of a proving key: all but name, owner and time. Every point
// is checked, the G2 ones for their subgroup too (by a random combination). With an r1cs the key must be one
// for it: same sizes, and the matrices A and B agree at random points. kFailedPrecondition for a setup with
// gamma = ±delta unless allowed. Files that are too large for the limits or for what the header says are
// refused before they are loaded. Cost: seconds to minutes, in memory the files' size and 64 MB.
StatusOr<market::Circuit> CheckCircuit(const OpenFile& zkey, const std::optional<OpenFile>& r1cs,
                                       bool allow_insecure_setup, const FileLimits& limits, Random& random,
                                       ThreadPool& pool);

struct WitnessFacts {
  std::string public_inputs;  // 32 bytes big-endian each
  Digest statement{};
};

// A witness of this circuit; with an r1cs every constraint is tried, and an unsatisfied one is
// kInvalidArgument: such a job could never be proven.
StatusOr<WitnessFacts> CheckWitness(const market::Circuit& circuit, const OpenFile& witness,
                                    const std::optional<OpenFile>& r1cs);

}  // namespace prooflode::verify
