// A SQLite VFS, for tests, that forgets at a simulated power failure what was not synchronised. It passes
// everything to the system's VFS and remembers, for each file, its content at the last sync and the writes
// since. At the failure each such write is kept, dropped or torn at a sector, as a seed decides.
//
// Not thread-safe: one thread uses all its connections.
#pragma once

#include <cstdint>
#include <string>

namespace prooflode::store {

// Registers the VFS "forgetful" once; it is not the default.
void RegisterForgetfulVfs();
inline constexpr char kForgetfulVfs[] = "forgetful";

// Forgets all files, and lets the power fail at the `operation`-th write or sync from now on: that one and
// everything after it fails with an I/O error. 0: never.
void StartForgetful(uint64_t operation);
// How many writes and syncs there have been.
uint64_t ForgetfulOperations();
// To be called once all connections are closed: makes the files what a disk would hold after the failure.
void RestoreAfterFailure(uint64_t seed);

}  // namespace prooflode::store
