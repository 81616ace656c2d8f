#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a time: tests/fuzz/run.sh SECONDS [TARGET...]
#
# Prints one line a target and fails if any target crashed, hung (10 s an input) or took more memory than it may (256 MB in
# one allocation, 1 GB in all). The input that did it is kept in build/asan/fuzz/crashes/TARGET/. Seeds are made by fuzz_seeds;
# what a run finds is kept in build/asan/fuzz/corpus/TARGET/, for the next one.
set -euo pipefail
[[ $# -ge 1 && $1 =~ ^[0-9]+$ ]] || { sed -n '2,6p' "$0" >&2; exit 2; }
seconds=$1; shift
cd "$(dirname "$0")/../.."
bin=build/asan/bin
work=build/asan/fuzz
mkdir -p "$work"
cmake --preset asan >"$work/configure.log" 2>&1 || { cat "$work/configure.log" >&2; exit 1; }
cmake --build build/asan --target fuzz_all >"$work/build.log" 2>&1 || { tail -50 "$work/build.log" >&2; exit 1; }
"$bin/fuzz_seeds" "$work/seeds"
for format in zkey wtns r1cs; do cp tests/vectors/cubic/*."$format" "$work/seeds/$format/"; done

targets=("$@")
if [[ $# -eq 0 ]]; then
  for source in tests/fuzz/*_fuzz.cc; do source=${source##*/}; targets+=("${source%_fuzz.cc}"); done
fi

fuzz_one() {
  local target=$1 dict=binfile
  [[ $target == *json || $target == *_line ]] && dict=json
  mkdir -p "$work/corpus/$target" "$work/crashes/$target"
  local log=$work/$target.log result=ok
  "$bin/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 -max_len=16384 \
    -dict="tests/fuzz/dict/$dict.dict" -artifact_prefix="$work/crashes/$target/" -print_final_stats=1 \
    "$work/corpus/$target" "$work/seeds/$target" >"$log" 2>&1 || result="FAILED, see $log"
  local execs covered
  execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  echo "fuzz $target: ${execs:-0} inputs in $seconds s, ${covered:-0} edges: $result"
  [[ $result == ok ]] || { tail -30 "$log" >&2; return 1; }
}
export -f fuzz_one
export bin work seconds
printf '%s\0' "${targets[@]}" | xargs -0 -n1 -P "$(nproc)" bash -c 'fuzz_one "$1"' _ | tee "$work/summary" || true
passed=$(grep -c ': ok$' "$work/summary" || true)
echo "$passed passed, $((${#targets[@]} - passed)) failed"
[[ $passed -eq ${#targets[@]} ]]
