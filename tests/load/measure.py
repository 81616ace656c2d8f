#!/usr/bin/env python3
"""Measures a real coordinator with prooflode-load on this machine: durable commits a second, and offers to many connected miners. Prints one
JSON line. It fails when something is lost or refused, never because something is slow.

Usage: measure.py BUILD_DIR [--miners 1000] [--jobs 20] [--window 256]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import World, wait_until  # noqa: E402


def post(world, witness):
    return world.ask("requester", "job", "submit", "--circuit", "chain", "--witness", witness, "--reward", 1, "--deadline", "3600s",
                     "--policy", "race", "--width", 0, "--again")["job_id"]


def cancelled(world, job):
    world.run("job", "cancel", job, "--coordinator", world.url, "--key", world.key_file("requester"), expect=None)
    return world.ask("requester", "job", "show", job)["state"] == "cancelled"


def load(world, *arguments):
    return subprocess.Popen([str(world.bin / "prooflode-load"), *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def report_of(process):
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0, f"prooflode-load: exit {process.returncode}"
    return json.loads(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir")
    parser.add_argument("--miners", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--window", type=int, default=256)
    arguments = parser.parse_args()
    with World(arguments.build_dir, "load") as world:
        r1cs, zkey, witness = world.dir / "c.r1cs", world.dir / "c.zkey", world.dir / "c.wtns"
        world.run("workload", "poseidon", "--size", 2, "--r1cs", r1cs, "--wtns", witness)
        world.run("setup", "--insecure", r1cs, zkey)
        world.start_coordinator()
        world.ask("operator", "account", "deposit", world.key("requester"), 10 * arguments.jobs, "--reference", "load")
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        jobs = [post(world, witness) for _ in range(arguments.jobs)]
        commits = report_of(load(world, "commits", "--coordinator", world.url, "--miners", arguments.miners, "--window", arguments.window,
                                 "--disk", world.dir, *jobs))
        for job in jobs:
            wait_until("the job is cancelled, its commits having missed their reveal", lambda job=job: cancelled(world, job), 60)
        offers = load(world, "offers", "--coordinator", world.url, "--miners", arguments.miners, "--jobs", arguments.jobs)
        assert offers.stdout.readline() == "ready\n"
        for _ in range(arguments.jobs):
            post(world, witness)
        result = {"processors": os.cpu_count(), "load_average": os.getloadavg()[0], "commits": commits, "offers": report_of(offers)}
        checked = world.check_log()
        assert checked["ok"], checked
        print(json.dumps(result))


if __name__ == "__main__":
    main()
