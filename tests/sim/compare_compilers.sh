#!/usr/bin/env bash
# One seed is one history, whatever the compiler: tests/sim/compare_compilers.sh [COUNT]
#
# Runs the first COUNT (8) seeds in the release build (gcc) and in the sanitizers' build (clang), and compares the digests of all that was stored and said.
set -euo pipefail
cd "$(dirname "$0")/../.."
count=${1:-8}
logs=build/test-logs
mkdir -p "$logs"
cmake --preset asan >"$logs/sim-configure.log" 2>&1 || { cat "$logs/sim-configure.log"; exit 1; }
cmake --build build/asan --target prooflode-sim >"$logs/sim-build.log" 2>&1 || { tail -50 "$logs/sim-build.log"; exit 1; }
cmake --build build/release --target prooflode-sim >"$logs/sim-build.log" 2>&1 || { tail -50 "$logs/sim-build.log"; exit 1; }
build/release/bin/prooflode-sim --count "$count" >"$logs/sim-gcc.txt" &
gcc=$!
build/asan/bin/prooflode-sim --count "$count" >"$logs/sim-clang.txt" || { echo "FAILED clang: see above"; echo "0 passed, 1 failed"; exit 1; }
wait "$gcc" || { echo "FAILED gcc: see above"; echo "0 passed, 1 failed"; exit 1; }
if ! diff "$logs/sim-gcc.txt" "$logs/sim-clang.txt"; then
  echo "FAILED the same seeds gave other histories with clang (>) than with gcc (<)"
  echo "0 passed, 1 failed"
  exit 1
fi
tail -n 1 "$logs/sim-gcc.txt"
echo "$count passed, 0 failed"
