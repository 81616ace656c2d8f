#!/usr/bin/env bash
# The program itself: starts, locks its folder, answers on its ports, stops on SIGTERM, survives kill -9, and
# checks, copies and prints what it should. Usage: program_test.sh PROGRAM CLIENT (the `prooflode` command, to
# fill the database with)
set -euo pipefail
program=$1
client=$2
work=$(mktemp -d)
pid=
cleanup() { [[ -z $pid ]] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
fail() { echo "FAIL: $*" >&2; cat "$work"/*.log >&2 || true; exit 1; }
unset XDG_CONFIG_HOME STATE_DIRECTORY
export HOME=$work
common=(--data "$work/data" --listen 127.0.0.1:0 --http 127.0.0.1:0)
for who in operator requester; do "$client" key gen "$work/$who.key" >/dev/null; done
public_key() { "$client" key show "$work/$1.key" --json | grep -o '[0-9a-f]\{64\}' | head -1; }
operator=$(public_key operator)

start() {
  : >"$work/run.log"  # or the loop below might read what the one before has said
  "$program" run "${common[@]}" --set "operators=$operator" 2>"$work/run.log" &
  pid=$!
  for _ in $(seq 200); do
    grep -q "listening on port" "$work/run.log" && return
    kill -0 "$pid" 2>/dev/null || fail "it ended instead of listening"
    sleep 0.05
  done
  fail "it did not listen within 10 s"
}

start
[[ $(stat -c %a "$work/data/coordinator.key") == 600 ]] || fail "key readable by others"
key=$(grep -o 'key [0-9a-f]\{64\}' "$work/run.log")
http=$(sed -n 's/.*metrics on port \([0-9]*\).*/\1/p' "$work/run.log")
[[ $(curl -sS "http://127.0.0.1:$http/healthz") == ok ]] || fail "healthz"
curl -sS "http://127.0.0.1:$http/metrics" >"$work/metrics"
for name in engine_queue_length db_size_bytes artifact_store_bytes jobs_total verify_duration_seconds_bucket \
  'miners{state="idle"}' 'miner_disconnects_total{reason="silent"}' broadcast_duration_seconds_bucket offers_total watchers \
  'rewards_units_total{asset="credit"}' 'payouts_total{result="refused"}' 'db_query_duration_seconds_bucket{operation="write"' \
  'submissions_total{.*result="unauthorized"}' log_tree_size checkpoint_tree_size checkpoint_timestamp_seconds checkpoints_total \
  checkpoint_failures_total proofs_deleted_total; do
  grep -q "^prooflode_coordinator_$name" "$work/metrics" || fail "no metric $name"
done
grep -q '^prooflode_build_info{revision="[0-9a-z]*",version="' "$work/metrics" || fail "no build_info"
if grep -q 'tls_certificate\|prooflode_api_' "$work/metrics"; then fail "a certificate without TLS, or an old name"; fi
if command -v promtool >/dev/null; then promtool check metrics <"$work/metrics" || fail "promtool"; fi

if "$program" run "${common[@]}" 2>"$work/second.log"; then fail "a second one started"; fi
grep -q "another coordinator" "$work/second.log" || fail "the second one did not say why"

"$program" backup "${common[@]}" "$work/copy.db" >/dev/null || fail "backup"
[[ -s $work/copy.db ]] || fail "the copy is empty"
for _ in $(seq 200); do
  curl -sS "http://127.0.0.1:$http/log/checkpoint" >"$work/checkpoint"
  [[ $(wc -l <"$work/checkpoint") -lt 5 ]] || break
  sleep 0.05
done
[[ $(head -1 "$work/checkpoint") == prooflode/prooflode ]] || fail "checkpoint: $(cat "$work/checkpoint")"
curl -sS "http://127.0.0.1:$http/log/leaves?from=0&count=1" | grep -q '"leaf_index":0' || fail "leaves over HTTP"
kill -TERM "$pid"
wait "$pid" || fail "it did not end cleanly on SIGTERM"
"$program" check "${common[@]}" --json | grep -q '"ok":true' || fail "check"

start
grep -q "$key" "$work/run.log" || fail "another key after a restart"
port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' "$work/run.log")
as() { # WHO COMMAND...
  local who=$1
  shift
  "$client" "$@" --coordinator "http://127.0.0.1:$port" --key "$work/$who.key" --json || fail "prooflode $*"
}
"$client" workload poseidon --size 2 --r1cs "$work/c.r1cs" --wtns "$work/c.wtns" >/dev/null 2>&1 || fail "workload"
"$client" setup --insecure "$work/c.r1cs" "$work/c.zkey" >/dev/null 2>&1 || fail "setup"
as operator account deposit "$(public_key requester)" 100 --reference program-test >/dev/null
as requester circuit add "$work/c.zkey" --r1cs "$work/c.r1cs" --name c >/dev/null
for width in 0 2; do
  id=$(as requester job submit --circuit c --witness "$work/c.wtns" --reward 10 --width "$width" --deadline 1h \
    --again | grep -o '"job_id": *"[0-9a-f]*"' | grep -o '[0-9a-f]\{32\}')
  as requester job cancel "$id" >/dev/null
done
as requester job submit --circuit c --witness "$work/c.wtns" --reward 10 --deadline 1h >/dev/null
as requester account withdraw 5 --reference program-test >/dev/null
"$program" check "${common[@]}" --json >"$work/running.json" || fail "check beside a running coordinator"
for want in '"circuits":1' '"jobs":3' '"transfers":7'; do
  grep -q "$want" "$work/running.json" || fail "check: $(cat "$work/running.json"), want $want"
done
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
start
http=$(sed -n 's/.*metrics on port \([0-9]*\).*/\1/p' "$work/run.log")
leaves=$(curl -sS "http://127.0.0.1:$http/log/leaves?from=0&count=1000" | wc -l)
for _ in $(seq 200); do
  curl -sS "http://127.0.0.1:$http/log/checkpoint" >"$work/last.checkpoint"
  [[ $(sed -n 2p "$work/last.checkpoint") -lt $leaves ]] || break
  sleep 0.05
done
kill -INT "$pid"
wait "$pid" || fail "it did not end cleanly on SIGINT"
pid=
"$program" check "${common[@]}" >"$work/check.txt" || fail "check after a kill"
grep -q '^1 circuits, 3 jobs, 7 transfers$' "$work/check.txt" || fail "check: $(cat "$work/check.txt")"
# A log alone, with its end cut off, contradicts nothing: that it was held against nothing is no success.
"$program" export-log "${common[@]}" "$work/log.jsonl" 2>/dev/null || fail "export-log"
head -n -3 "$work/log.jsonl" >"$work/cut.jsonl"
for verify in "log verify --no-state" "audit --all"; do
  code=0
  # shellcheck disable=SC2086
  "$client" $verify --log "$work/cut.jsonl" --json >"$work/cut.json" || code=$?
  [[ $code == 2 ]] || fail "exit $code for a log that nothing was compared with: $verify"
  grep -q '"checked": false' "$work/cut.json" || fail "$verify: $(cat "$work/cut.json")"
  # shellcheck disable=SC2086
  "$client" $verify --log "$work/cut.jsonl" --unsigned | grep -q "^NOT CHECKED" || fail "$verify --unsigned"
  code=0
  # shellcheck disable=SC2086
  "$client" $verify --log "$work/cut.jsonl" --checkpoint "$work/last.checkpoint" --coordinator-key "${key#key }" \
    >"$work/cut.txt" || code=$?
  [[ $code == 8 ]] || fail "exit $code for a log without its end: $verify: $(cat "$work/cut.txt")"
done
# A backup that was restored without its artifacts: said at the start, which goes on, and by `check`.
mv "$work/data/artifacts" "$work/artifacts"
code=0
"$program" check "${common[@]}" 2>"$work/missing.log" >&2 || code=$?
[[ $code == 1 ]] || fail "exit $code for a market without its artifacts"
grep -q "need are missing: 3 (" "$work/missing.log" || fail "check does not name what is missing: $(cat "$work/missing.log")"
start
for _ in $(seq 100); do
  ! grep -q "ERROR.*need are missing: 3 (" "$work/run.log" || break
  sleep 0.05
done
grep -q "ERROR.*need are missing: 3 (" "$work/run.log" || fail "a start without artifacts says nothing"
kill -TERM "$pid"
wait "$pid" || fail "it did not end cleanly without its artifacts"
pid=
rm -rf "$work/data/artifacts"
mv "$work/artifacts" "$work/data/artifacts"
# One row that says something else than the log.
spoil() {
  python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db: assert db.execute(sys.argv[2]).rowcount == 1' "$work/data/market.db" "$1"
}
spoil "UPDATE jobs SET racer_count = 5 WHERE state = 1"
code=0
"$program" check "${common[@]}" 2>"$work/spoilt.log" >&2 || code=$?
[[ $code == 1 ]] || fail "exit $code for a database that its log does not give"
grep -q "replaying the log gives another job [0-9a-f]* than is stored" "$work/spoilt.log" || fail "message"

# refuses CODE MESSAGE COMMAND...: ends with that code, says why and changes no file of the data folder.
state() { if [[ -d $work/data ]]; then (cd "$work/data" && sha256sum coordinator.key market.db && ls artifacts); fi; }
refuses() {
  local want=$1 message=$2 before after code=0
  shift 2
  before=$(state)
  timeout 20 "$@" >"$work/refused.log" 2>&1 || code=$?
  [[ $code == "$want" ]] || fail "exit $code, want $want: $*"
  grep -q -e "$message" "$work/refused.log" || fail "no '$message' from: $*"
  after=$(state)
  [[ $before == "$after" ]] || fail "it changed files: $*"
}
# Another coordinator's key does not fit this database, nor does a new one; the name of the client's variable is not ours.
"$client" key gen "$work/other.key" >/dev/null
for command in "run" "check" "backup $work/never.db" "config check"; do
  # shellcheck disable=SC2086
  refuses 78 "belongs to the coordinator with the key ${key#key }" \
    "$program" $command "${common[@]}" --set "key_file=$work/other.key"
  # shellcheck disable=SC2086
  PROOFLODE_KEY_FILE=$work/none.key refuses 78 "none.key is missing" "$program" $command "${common[@]}"
done
[[ ! -e $work/none.key && ! -e $work/never.db ]] || fail "a refused command made a file"
PROOFLODE_KEY=$work/other.key "$program" config check "${common[@]}" >/dev/null || fail "PROOFLODE_KEY is not a setting"

# Named as the key that retires it hands the log over; then the old one is nobody's.
old=(--data "$work/handed" --listen 127.0.0.1:0 --http 127.0.0.1:0)
cp -a "$work/data" "$work/handed"
refuses 78 "retiring_key_file: .*requester.key holds the key" "$program" run "${old[@]}" --set "key_file=$work/other.key" \
  --set "retiring_key_file=$work/requester.key"
common=("${old[@]}" --set "key_file=$work/other.key" --set "retiring_key_file=$work/handed/coordinator.key")
start
grep -q "handing the log over from the $key to $(public_key other)" "$work/run.log" || fail "no word of a handover"
kill -TERM "$pid"
wait "$pid" || fail "it did not end cleanly after a handover"
start
grep -q "retiring_key_file: the log is .* already" "$work/run.log" || fail "no word of a handover that is over"
kill -TERM "$pid"
wait "$pid" || fail "it did not end cleanly"
pid=
refuses 78 "belongs to the coordinator with the key $(public_key other)" "$program" run "${old[@]}"
common=(--data "$work/data" --listen 127.0.0.1:0 --http 127.0.0.1:0)

# What a run would end with, `config check` says beforehand; neither makes the folder.
fresh=(--data "$work/fresh" --http 127.0.0.1:0)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2 \
  -keyout "$work/tls.pem" -out "$work/cert.pem" 2>/dev/null || fail "openssl"
openssl genpkey -algorithm ed25519 -out "$work/foreign.pem" 2>/dev/null || fail "openssl"
chmod 600 "$work/tls.pem" "$work/foreign.pem"
echo garbage >"$work/garbage.key"
chmod 600 "$work/garbage.key"
: >"$work/empty.pem"
tls=(--listen 0.0.0.0:0 --set "tls.cert_file=$work/cert.pem")
for command in "run" "config check"; do
  # shellcheck disable=SC2086
  {
    refuses 78 "not loopback" "$program" $command "${fresh[@]}" --listen 0.0.0.0:0
    refuses 78 "go together" "$program" $command "${fresh[@]}" "${tls[@]}"
    refuses 78 "tls.key_file: .*none.pem" "$program" $command "${fresh[@]}" "${tls[@]}" --set "tls.key_file=$work/none.pem"
    refuses 78 "not the key of the certificate" "$program" $command "${fresh[@]}" "${tls[@]}" --set "tls.key_file=$work/foreign.pem"
    refuses 78 "empty.pem is empty" "$program" $command "${fresh[@]}" "${tls[@]}" --set "tls.key_file=$work/tls.pem" \
      --set "tls.client_ca_file=$work/empty.pem"
    refuses 78 "key_file: .*garbage.key" "$program" $command "${fresh[@]}" --set "key_file=$work/garbage.key"
    refuses 78 "key_file: cannot be made" "$program" $command "${fresh[@]}" --set "key_file=$work/nowhere/c.key"
  }
done
"$program" config check "${fresh[@]}" "${tls[@]}" --set "tls.key_file=$work/tls.pem" >/dev/null || fail "good TLS files"
"$program" config check "${fresh[@]}" --listen 0.0.0.0:0 --set insecure=true >/dev/null || fail "insecure by name"
[[ ! -e $work/fresh ]] || fail "a refused run made the data folder"

# With TLS the end of the certificate is a metric.
common=("${fresh[@]}" "${tls[@]}" --set "tls.key_file=$work/tls.pem")
start
http=$(sed -n 's/.*metrics on port \([0-9]*\).*/\1/p' "$work/run.log")
expiry=$(curl -sS "http://127.0.0.1:$http/metrics" | awk '/^prooflode_coordinator_tls_certificate_expiry/ { printf "%d", $2 }')
[[ $expiry == "$(date -d "$(openssl x509 -in "$work/cert.pem" -noout -enddate | cut -d= -f2)" +%s)" ]] || fail "expiry $expiry"
kill -TERM "$pid"
wait "$pid" || fail "it did not end cleanly on SIGTERM"
pid=

# A log that was put back is not signed over: what was published says more than it has.
common=(--data "$work/data" --listen 127.0.0.1:0 --http 127.0.0.1:0)
rm -f "$work"/data/market.db-*
cp "$work/copy.db" "$work/data/market.db"
code=0
timeout 20 "$program" run "${common[@]}" 2>"$work/back.log" || code=$?
[[ $code == 1 ]] || fail "exit $code for a database older than what was published"
grep -q "a checkpoint of [0-9]* leaves was signed, but the log has" "$work/back.log" || fail "message of a rollback"

printf '[limits]\nqueu = 5\n' >"$work/bad.toml"
code=0
"$program" config check --config "$work/bad.toml" 2>"$work/bad.log" || code=$?
[[ $code == 78 ]] || fail "exit $code for a bad configuration"
grep -q "bad.toml:2: unknown setting limits.queu; did you mean limits.queue?" "$work/bad.log" || fail "message"
printf '[limits]\nqueue = 500\n' >"$work/good.toml"
PROOFLODE_MARKET=other "$program" config print --config "$work/good.toml" --set race.reveal_window_ms=200 >"$work/printed"
grep -q 'queue = 500 .*good.toml:2' "$work/printed" || fail "origin of a file"
grep -q "market = 'other' .*PROOFLODE_MARKET\|market = \"other\" .*PROOFLODE_MARKET" "$work/printed" || fail "origin of a variable"
refuses 2 "commands of prooflode-coordinator are run, check, .*did you mean check instead of chekc" "$program" chekc
refuses 2 "see .prooflode-coordinator run --help" "$program" run --dta "$work/fresh"
refuses 2 "did you mean --data instead of --dta" "$program" run --dta "$work/fresh"
"$program" --help | grep -q "Exit codes: 0 ok.* 78 bad configuration" || fail "help does not name the exit codes"
echo ok
