#!/usr/bin/env python3
"""Times `prooflode prove` against another prover of the same files, whole processes, in turn, and prints a table.

Usage: tools/bench_peer.py PROOFLODE PEER [--runs N] [--threads 1,2] [--work DIR] [--json FILE] [NAME=ZKEY,WTNS …]

PEER is a program that takes snarkjs's arguments: ZKEY WTNS PROOF PUBLIC. Besides the files named, three of our own circuits are
measured: Poseidon chains of domain 2^16 and 2^18 (full-size values) and a SHA-256 preimage of domain 2^18 (zeros and ones). For one
thread both programs are pinned to one processor, since the peer may have no option for it. Both proofs are verified.
"""
import argparse
import json
import pathlib
import subprocess
import sys

CIRCUITS = {"poseidon 2^16": ("poseidon", 266), "poseidon 2^18": ("poseidon", 1065), "sha256 2^18": ("sha256", 567)}
COMPARE = pathlib.Path(__file__).with_name("bench_compare.py")


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def make_files(prooflode, work, name):
    kind, size = CIRCUITS[name]
    stem = work / f"{kind}-{size}"
    zkey, wtns = stem.with_suffix(".zkey"), stem.with_suffix(".wtns")
    if not zkey.exists():
        run(prooflode, "workload", kind, "--size", size, "--r1cs", stem.with_suffix(".r1cs"), "--wtns", wtns)
        run(prooflode, "setup", "--insecure", stem.with_suffix(".r1cs"), zkey)
    return zkey, wtns


def check_proofs(prooflode, peer, work, zkey, wtns):
    """Both provers' proofs must verify: a comparison with wrong proofs means nothing."""
    vkey, proof, public = work / "vkey.json", work / "proof.json", work / "public.json"
    run(prooflode, "export", "verificationkey", zkey, vkey)
    for command in ([prooflode, "prove"], [peer]):
        run(*command, zkey, wtns, proof, public)
        run(prooflode, "verify", vkey, public, proof)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prooflode")
    parser.add_argument("peer")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--work", default="build/bench")
    parser.add_argument("--json")
    arguments = parser.parse_intermixed_args()
    work = pathlib.Path(arguments.work).resolve()
    work.mkdir(parents=True, exist_ok=True)
    named = {f.split("=")[0]: tuple(map(pathlib.Path, f.split("=")[1].split(","))) for f in arguments.files}
    named.update({name: make_files(arguments.prooflode, work, name) for name in CIRCUITS})
    results = []
    print("| circuit | threads | prooflode s | peer s | peer/prooflode wall (min to max) | CPU ratio | peak MiB, ours and peer's |\n|---|---|---|---|---|---|---|")
    for name, (zkey, wtns) in named.items():
        check_proofs(arguments.prooflode, arguments.peer, work, zkey, wtns)
        for threads in map(int, arguments.threads.split(",")):
            out = [work / f for f in ("p.json", "u.json")]
            ours = f"{arguments.prooflode} prove {zkey} {wtns} {out[0]} {out[1]} --threads {threads}"
            theirs = f"{arguments.peer} {zkey} {wtns} {out[0]} {out[1]}"
            pinned = ["--cpus", "0"] if threads == 1 else []
            result = json.loads(run(sys.executable, COMPARE, "--json", "--runs", arguments.runs, "--name", name, *pinned, ours, theirs))
            result["threads"] = threads
            results.append(result)
            wall, cpu, peak = result["wall_s"], result["cpu_s"], result["peak_mib"]
            print(f"| {name} | {threads} | {wall['a']['median']:.3f} | {wall['b']['median']:.3f} | {wall['ratio']['median']:.2f} "
                  f"({wall['ratio']['min']:.2f} to {wall['ratio']['max']:.2f}) | {cpu['ratio']['median']:.2f} "
                  f"| {peak['a']['median']:.0f}, {peak['b']['median']:.0f} |", flush=True)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
