// snarkjs .zkey files, protocol Groth16 over BN254. Layout: docs/formats/zkey.md.
//
// Strangers' files: every count, index, length, field element and point is checked before use; the error
// names file, section, what came and what was wanted. Memory: the file's size plus at most 64 MB. Sections
// are read, never mapped, so a file that changes meanwhile cannot hurt.
#pragma once

#include <limits>
#include <string>

#include "base/env.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "prover/groth16/types.h"

namespace prooflode {

struct ZkeyOptions {
  // A key without a phase-2 contribution has gamma = ±delta: anybody can forge proofs for it.
  bool allow_insecure_setup = false;
  // Tests by a random combination that the G2 section lies in the subgroup; wanted when a stranger's key is
  // registered.
  bool check_g2_subgroup = false;
  // Needed for that test.
  Random* random = nullptr;
  // The reading stops with kCancelled within milliseconds of its being cancelled; may be null.
  const CancelToken* cancel = nullptr;
  // What a header says beyond these is refused before anything else is read.
  uint64_t domain_size_max = std::numeric_limits<uint64_t>::max();
  uint64_t public_inputs_max = std::numeric_limits<uint64_t>::max();
};

StatusOr<groth16::ProvingKey> ReadZkey(const std::string& path, const ZkeyOptions& options, ThreadPool& pool);
// From an open file (a regular file); `name` is for messages.
StatusOr<groth16::ProvingKey> ReadZkeyFd(int fd, const std::string& name, const ZkeyOptions& options,
                                         ThreadPool& pool);

// How many contributions to the setup's second phase a file records that ReadZkeyFd accepts.
StatusOr<uint32_t> ZkeyContributionCount(int fd, const std::string& name);

// Writes what ReadZkey reads, in snarkjs's section order, with an empty contribution list.
Status WriteZkey(const std::string& path, const groth16::ProvingKey& key);

}  // namespace prooflode
