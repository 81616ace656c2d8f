// One simulated world from its seed: a coordinator, requesters, miners, and everything that goes wrong
// between them; first with faults, then without, when everything must come to its end.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace prooflode::sim {

struct RunReport {
  uint64_t seed = 0;
  uint64_t steps = 0;
  uint64_t leaves = 0;
  uint64_t crashes = 0;  // of the coordinator
  uint64_t jobs = 0;
  uint64_t won = 0;
  Digest digest{};      // of everything that was stored and said
  std::string finding;  // empty: every promise was kept
};

// The same seed gives the same report, with every compiler and store. Stops at the first broken promise.
// `database`: where a SQLite database can be made for the run, and is removed afterwards; empty: what is
// durable is kept in memory, which is quicker.
RunReport RunSeed(uint64_t seed, const std::string& database = "");

}  // namespace prooflode::sim
