#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The last line says how many passed, failed and were skipped; the lines
# above it say which failed, and why others were skipped. Ends within 40 minutes on two cores.
#
#   tests/run.sh            what every change must pass
#   tests/run.sh --full     the long ones too (up to 150 minutes): larger circuits, more crashes, longer fuzzing
#   tests/run.sh --only STEP[,STEP…]   some of: unit sanitize threads fuzz interop e2e
#
# Logs of each step are kept under build/test-logs/.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
full=0
only=unit,sanitize,threads,fuzz,interop,e2e
while [[ $# -gt 0 ]]; do
  case $1 in
    --full) full=1 ;;
    --only) only=${2:?--only wants a list of steps}; shift ;;
    *) sed -n '2,10p' "$0" >&2; exit 2 ;;
  esac
  shift
done
export FULL=$full
jobs=$(nproc)
logs=$root/build/test-logs
mkdir -p "$logs"
rm -f "$logs"/*
passed=0 failed=0 skipped=0
failures=()
reasons=()

say() { printf '\n== %s (at %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

# count NAME LOG: adds a step's own last line "N passed, N failed[, N skipped]" to the totals.
count() {
  local line
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$2" | tail -n 1)
  if [[ -z $line ]]; then
    failed=$((failed + 1)) failures+=("$1: ended without saying how many tests it ran (see $2)")
    tail -n 25 "$2"
    return
  fi
  read -r p _ f _ s _ <<<"${line//,/}"
  if ((p + f == 0)); then f=1 line="no test ran"; fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
  [[ $f -eq 0 ]] || { failures+=("$1: $line (see $2)"); grep -E '^(FAILED|not ok|FAIL)' "$2" | head -n 20; }
  while IFS= read -r reason; do reasons+=("$1: $reason"); done < <(grep -E '^(SKIPPED|skip) ' "$2")
  echo "$1: $line"
}

# build PRESET TARGET…: configures once and builds; a failure counts as one failed test and skips the step.
build() {
  local preset=$1
  shift
  if ! { cmake --preset "$preset" -DPROOFLODE_WERROR=ON && cmake --build "build/$preset" -j "$jobs" --target "$@"; } \
      >"$logs/build-$preset.log" 2>&1; then
    failed=$((failed + 1)) failures+=("build $preset (see $logs/build-$preset.log)")
    grep -E 'error|FAILED' "$logs/build-$preset.log" | head -n 20
    return 1
  fi
}

# run_ctest NAME PRESET [ctest arguments]
run_ctest() {
  local name=$1 preset=$2
  shift 2
  ctest --test-dir "build/$preset" -j "$jobs" --timeout 900 --output-on-failure --output-junit "$logs/$name.xml" "$@" \
    >"$logs/$name.log" 2>&1
  python3 tests/count_junit.py "$logs/$name.xml" >>"$logs/$name.log" || true
  count "$name" "$logs/$name.log"
}

wants() { [[ ,$only, == *,$1,* ]]; }

say "packages"
tools/deps.sh test || { echo "0 passed, 1 failed"; exit 1; }

if wants interop; then tests/interop/install.sh >"$logs/npm.log" 2>&1 & fi
if wants unit || wants interop || wants e2e; then
  say "build (release)"
  if ! build release all; then only=${only//unit/} only=${only//interop/} only=${only//e2e/}; fi
fi
if wants unit; then
  say "unit and conformance tests"
  run_ctest unit release -LE e2e
fi
if wants unit && ((full)); then
  say "simulated markets: 100,000,000 steps"
  if build/release/bin/prooflode-sim --seed 1000000 --steps 100000000 >"$logs/sim.log" 2>&1; then
    tail -n 1 "$logs/sim.log"
    echo "1 passed, 0 failed" >>"$logs/sim.log"
  else
    echo "0 passed, 1 failed" >>"$logs/sim.log"
  fi
  count sim "$logs/sim.log"
fi
if wants sanitize || wants fuzz; then
  say "build (clang, sanitizers, fuzz targets)"
  targets=()
  if wants sanitize; then targets+=(sanitized_tests); fi
  if wants sanitize && ((full)); then targets+=(sanitized_network_tests); fi
  if wants fuzz; then targets+=(fuzz_all prooflode-sim); fi
  if ! build asan "${targets[@]}"; then only=${only//sanitize/} only=${only//fuzz/}; fi
fi
if wants sanitize; then
  say "address and undefined-behaviour sanitizers"
  run_ctest sanitize asan -L "$( ((full)) && echo 'sanitized|networked' || echo 'sanitized')"
fi
if wants threads; then
  say "thread sanitizer"
  build tsan threaded_tests && run_ctest threads tsan -L threaded
fi
if wants fuzz; then
  say "fuzzing every parser"
  tests/fuzz/run.sh "$((full ? 600 : 30))" >"$logs/fuzz.log" 2>&1
  count fuzz "$logs/fuzz.log"
  say "simulated markets: one history with either compiler"
  tests/sim/compare_compilers.sh "$((full ? 50 : 8))" >"$logs/compilers.log" 2>&1
  count compilers "$logs/compilers.log"
fi
if wants interop; then
  say "interoperability with snarkjs, circom and the EVM"
  wait # for the installation that began beside the first build; run.sh says what is wrong with it
  tests/interop/run.sh build/release >"$logs/interop.log" 2>&1
  count interop "$logs/interop.log"
fi
if wants e2e; then
  say "end to end"
  run_ctest e2e release -L "$( ((full)) && echo 'e2e' || echo '^e2e$')" -j 1
fi

say "result"
for line in "${failures[@]:+${failures[@]}}"; do echo "FAILED $line"; done
for line in "${reasons[@]:+${reasons[@]}}"; do echo "$line"; done
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $passed -gt 0 ]]
