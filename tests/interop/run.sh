#!/usr/bin/env bash
# Runs the interop tests against a build: tests/interop/run.sh BUILD_DIR [NAME…]   (NAME: groth16, evm, …; default all)
# FULL=1 adds the large circuits. Prints "N passed, N failed, N skipped" last; exits 1 if any failed.
set -euo pipefail
[[ $# -ge 1 && -x $1/bin/prooflode ]] || { sed -n '2,3p' "$0" >&2; exit 2; }
build_dir=$(realpath "$1"); shift
cd "$(dirname "$0")"

./install.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
all=(proto_test.mjs groth16_test.mjs evm_test.mjs workload_test.mjs)
tests=("$@"); [[ ${#tests[@]} -gt 0 ]] || tests=("${all[@]%_test.mjs}")
passed=0 failed=0 skipped=0
for name in "${tests[@]}"; do
  echo "== $name"
  status=0
  PROOFLODE_BUILD_DIR=$build_dir PROOFLODE_TEST_DIR=$work/$name PROOFLODE_TEST_COUNTS=$work/$name.counts \
    timeout 3600 node "${name}_test.mjs" || status=$?
  if [[ -s $work/$name.counts ]]; then
    read -r p f s <"$work/$name.counts"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    [[ $status -eq 0 || $f -gt 0 ]] || failed=$((failed + 1))
  else
    echo "FAIL $name: ended with status $status before it counted"; failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 ]]
