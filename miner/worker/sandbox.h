// Takes away what a worker does not need before it reads its first stranger's file: it has its socket and the
// files it is handed, and cannot open others, reach a network, start programs or leave a core dump.
#pragma once

#include "base/status.h"

namespace prooflode::miner {

// Call once, while there is one thread. Closes every descriptor from `first_fd_to_close` on, sets
// no_new_privs, non-dumpable and no core files, and installs a seccomp filter under which opening,
// connecting, executing, forking, tracing and changing files fail with EPERM (x86-64; builds with sanitizers,
// which open files of their own accord, go without the filter).
Status EnterSandbox(int first_fd_to_close);

}  // namespace prooflode::miner
