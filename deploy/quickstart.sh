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
say() { printf '\n== %s\n' "$*"; }
fail() { echo "quickstart: $*" >&2; exit 1; }

pids=()
stop_all() {
  trap - EXIT INT TERM
  for pid in "${pids[@]:+${pids[@]}}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]:+${pids[@]}}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop_all EXIT
trap 'exit 130' INT TERM

say "packages"
tools/deps.sh build
echo "all there"

say "build"
[[ -f build/release/build.ninja ]] || cmake --preset release -DBUILD_TESTING=OFF >"$home/logs/configure.log" 2>&1 ||
  { tail -n 20 "$home/logs/configure.log"; fail "cmake did not configure"; }
cmake --build build/release -j "$(nproc)" --target prooflode prooflode-coordinator prooflode-miner ||
  fail "the build failed"

# circuit NAME KIND SIZE: the test key of one of our own circuits, made once.
circuit() {
  local name=$1 kind=$2 size=$3 stem=$home/circuits/$1-$3
  [[ -s $stem.zkey ]] && return
  echo "$name: building the circuit and a test key (worth nothing: its secrets are known)"
  "$bin/prooflode" workload "$kind" --size "$size" --r1cs "$stem.r1cs" >/dev/null
  "$bin/prooflode" setup --insecure "$stem.r1cs" "$stem.zkey.new" 2>"$home/logs/setup-$name.log" ||
    { tail -n 5 "$home/logs/setup-$name.log"; fail "no key for $name"; }
  mv "$stem.zkey.new" "$stem.zkey"
}
say "circuits"
circuit rollup rollup 2
circuit poseidon poseidon 60
circuit sha256 sha256 100
ls -l "$home/circuits" | awk 'NR > 1 { printf "%-20s %6.1f MB\n", $NF, $5 / 1e6 }'

say "market"
market=$home/market
rm -rf "$market"
mkdir -p "$market"
read -r port http http1 http2 http3 < <(python3 - <<'PORTS'
import socket
held = [socket.socket() for _ in range(5)]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PORTS
)
url=http://127.0.0.1:$port
"$bin/prooflode" key gen "$market/operator.key" >/dev/null
"$bin/prooflode" key gen "$market/requester.key" >/dev/null
public_key() { "$bin/prooflode" key show "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["public_key"])'; }
cat >"$market/coordinator.toml" <<TOML
data = "$market/coordinator"
listen = "127.0.0.1:$port"
http = "127.0.0.1:$http"
operators = ["$(public_key "$market/operator.key")"]
TOML

# healthy PORT PID LOG: waits until a process answers /healthz.
healthy() {
  for _ in $(seq 600); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3 && grep -q '200 OK' <&3) 2>/dev/null; then return; fi
    kill -0 "$2" 2>/dev/null || { tail -n 20 "$3"; fail "a process ended early: $3"; }
    sleep 0.1
  done
  fail "a process did not get healthy: $3"
}
"$bin/prooflode-coordinator" run --config "$market/coordinator.toml" 2>"$home/logs/coordinator.log" &
pids+=($!)
healthy "$http" $! "$home/logs/coordinator.log"
echo "coordinator at $url"
number=1
for miner_http in "$http1" "$http2" "$http3"; do
  "$bin/prooflode-miner" run --coordinator "$url" --data "$market/miner$number" --http "127.0.0.1:$miner_http" --threads 1 \
    2>"$home/logs/miner$number.log" &
  pids+=($!)
  healthy "$miner_http" $! "$home/logs/miner$number.log"
  echo "miner$number started"
  number=$((number + 1))
done

market_command() {
  local who=$1
  shift
  "$bin/prooflode" "$@" --coordinator "$url" --key "$market/$who.key" 2>>"$home/logs/commands.log" ||
    { tail -n 5 "$home/logs/commands.log" >&2; return 1; }
}
market_command operator account deposit "$(public_key "$market/requester.key")" 100 --reference quickstart >/dev/null
market_command requester circuit add "$home/circuits/rollup-2.zkey" --name rollup --r1cs "$home/circuits/rollup-2.r1cs" >/dev/null
market_command requester circuit add "$home/circuits/poseidon-60.zkey" --name poseidon --r1cs "$home/circuits/poseidon-60.r1cs" >/dev/null
market_command requester circuit add "$home/circuits/sha256-100.zkey" --name sha256 --r1cs "$home/circuits/sha256-100.r1cs" >/dev/null
echo "three circuits registered, 100 credits deposited for the requester"

say "races"
# job CIRCUIT SIZE REWARD: a new witness, a race of three.
job() {
  local witness=$market/$1.wtns
  "$bin/prooflode" workload "$1" --size "$2" --wtns "$witness" >/dev/null
  market_command requester job submit --circuit "$1" --witness "$witness" --reward "$3" --policy race --width 3 --deadline 120s \
    --wait --out-proof "$market/$1.proof.json" --out-public "$market/$1.public.json" >"$market/job.txt" 2>"$market/job.log" ||
    { cat "$market/job.log"; fail "the job ended without a proof"; }
  "$bin/prooflode" export verificationkey "$home/circuits/$1-$2.zkey" "$market/$1.vkey.json" >/dev/null
  echo "$1: $(awk '/^delivered/ { print $2, $3, $4, $5 }' "$market/job.txt"), proof checked here again:" \
    "$("$bin/prooflode" verify "$market/$1.vkey.json" "$market/$1.public.json" "$market/$1.proof.json")"
}
for _ in 1 2; do
  job poseidon 60 1
  job sha256 100 1.5
  job rollup 2 5
done

say "result"
python3 deploy/quickstart_report.py "$bin/prooflode" "$url" "$market"

say "where to look"
cat <<TEXT
proofs (snarkjs reads them)   $market/*.proof.json, *.public.json, *.vkey.json
logs                          $home/logs/
metrics of the coordinator    http://127.0.0.1:$http/metrics
metrics of the miners         http://127.0.0.1:$http1/metrics, :$http2, :$http3
TEXT
if ((keep)); then
  cat <<TEXT

The market stays up until Ctrl-C. Try, in another terminal:
  $bin/prooflode job ls --coordinator $url --key $market/requester.key
  $bin/prooflode-miner status --http 127.0.0.1:$http1
TEXT
  wait
fi
say "stopping"
stop_all
echo "done; deploy/quickstart.sh --keep leaves the market up"
