#!/usr/bin/env bash
# From a bare Debian 12 to a running proof market: installs what is missing, builds, makes keys for three circuits, starts a
# coordinator and three miners, posts real jobs, shows the races and who won them, and stops cleanly.
#
#   deploy/quickstart.sh          run once and stop
#   deploy/quickstart.sh --keep   leave the market up until Ctrl-C, and say how to use it
#
# Needs no GPU, no Node and no network beyond Debian's packages. Everything it makes is under .quickstart/; a second run takes
# seconds. The keys of this demonstration come from known toxic waste: they are worth nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=0
case "${1:-}" in
  "") ;;
  --keep) keep=1 ;;
  *) sed -n '2,9p' "$0" >&2; exit 2 ;;
esac

home=$PWD/.quickstart
bin=$PWD/build/release/bin
mkdir -p "$home/circuits" "$home/logs"
chmod 700 "$home"
say() { printf '\n\033[1m== %s\033[0m\n' "$*" | { [[ -t 1 ]] && cat || sed 's/\x1b\[[0-9;]*m//g'; }; }

pids=()
stop_all() {
  trap - EXIT INT TERM
  local pid
  for pid in "${pids[@]:+${pids[@]}}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]:+${pids[@]}}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop_all EXIT
trap 'exit 130' INT TERM

say "packages"
tools/deps.sh build
say "build"
[[ -f build/release/build.ninja ]] || cmake --preset release -DBUILD_TESTING=OFF >"$home/logs/configure.log" ||
  { tail -n 20 "$home/logs/configure.log"; exit 1; }
cmake --build build/release -j "$(nproc)" --target prooflode prooflode-coordinator prooflode-miner
