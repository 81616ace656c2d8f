#!/usr/bin/env python3
"""Measures how long a real coordinator takes from a reveal to the delivery of the proof, by the times in its own log: races, whose
reveal comes after the receipt, and leases, whose commit shows the proof. One miner, one job at a time. Prints one JSON line. It fails
when a job is not won, never because something is slow.

Results: docs/benchmarks/delivery.md.

Usage: delivery.py BUILD_DIR [--jobs 100]
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import World  # noqa: E402
from market_e2e import coordinator_says, make_circuit  # noqa: E402


def mean_ms(page, name, labels=""):
    """Of a histogram of seconds."""
    total, count = (float(re.search(rf"^{name}_{part}{labels} (\S+)$", page, re.M)[1]) for part in ("sum", "count"))
    return 1000 * total / count


def delays_ms(lines):
    """From the leaf that shows a proof to the first valid verdict of its job, by job."""
    shown, job_of, delay = {}, {}, {}
    for leaf in map(json.loads, lines):
        for attempt in leaf["fields"].get("attempts", []):
            job_of[attempt["attempt_id"]] = attempt["job_id"]
        attempt = leaf["fields"].get("attempt_id")
        if leaf["type"] in ("commit", "reveal") and "proof_hash" in leaf["fields"]:
            shown[attempt] = leaf["time_us"]
        if leaf["type"] == "verdict" and leaf["fields"]["valid"]:
            delay.setdefault(job_of[attempt], (leaf["time_us"] - shown[attempt]) / 1000)
    return delay


def summary(values):
    values = sorted(values)
    return {"median": statistics.median(values), "p99": values[int(0.99 * (len(values) - 1))], "worst": values[-1]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir")
    parser.add_argument("--jobs", type=int, default=100)
    arguments = parser.parse_args()
    with World(arguments.build_dir, "delivery") as world:
        zkey, witnesses = make_circuit(world, arguments.jobs, 4)
        world.start_coordinator()
        world.ask("operator", "account", "deposit", world.key("requester"), 10 * arguments.jobs, "--reference", "load")
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        world.start_miner("miner1", "--threads", 1)
        policy_of = {}
        for i, witness in enumerate(witnesses):
            policy = ("race", "lease")[i % 2]
            job = world.ask("requester", "job", "submit", "--circuit", "chain", "--witness", witness, "--reward", 1, "--policy", policy,
                            "--wait")
            assert job["state"] in ("won", "delivered"), job
            policy_of[job["job_id"]] = policy
        page = world.get(world.http_port, "/metrics")
        log = world.dir / "log.jsonl"
        coordinator_says(world, "export-log", str(log))
        delays = delays_ms(log.read_text().splitlines())
        result = {"processors": os.cpu_count(), "load_average": os.getloadavg()[0],
                  "verification_mean_ms": mean_ms(page, "prooflode_coordinator_verify_duration_seconds", r"(?:\{[^}]*\})?")}
        for policy in ("race", "lease"):
            result[f"{policy}_ms"] = summary([delays[job] for job, of in policy_of.items() if of == policy])
        print(json.dumps(result))


if __name__ == "__main__":
    main()
