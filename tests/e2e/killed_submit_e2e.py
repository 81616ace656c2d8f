#!/usr/bin/env python3
"""A requester posts jobs one after the other, and each time the coordinator is killed (-9) somewhere between login, upload and posting, and
started again: every submit must succeed by itself, and every job is there exactly once.

Usage: killed_submit_e2e.py BUILD_DIR [--kills N] [--seed S]
"""
import argparse
import json
import random
import signal
import subprocess
import time

from harness import World

REWARD = 1
OPEN_JOBS_MAX = 900  # below the market's limit for one requester


def make_witnesses(world, count):
    r1cs, zkey = world.dir / "chain.r1cs", world.dir / "chain.zkey"
    witnesses = [world.dir / f"w{i}.wtns" for i in range(count)]
    for witness in witnesses:
        world.run("workload", "poseidon", "--size", 60, "--r1cs", r1cs, "--wtns", witness)
    world.run("setup", "--insecure", r1cs, zkey)
    return zkey, witnesses


def submit_beside_a_kill(world, witness, delay_s):
    submit = subprocess.Popen([str(world.bin / "prooflode"), "job", "submit", "--again", "--circuit", "chain", "--witness", str(witness),
                               "--reward", str(REWARD), "--deadline", "3600s", "--coordinator", world.url, "--key",
                               str(world.key_file("requester")), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(delay_s)
    world.stop("coordinator", signal.SIGKILL)
    world.start_coordinator()
    out, err = submit.communicate(timeout=120)
    assert submit.returncode == 0, f"after {delay_s:.3f} s: exit {submit.returncode}: {err}"
    return json.loads(out)["job_id"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    assert arguments.kills <= OPEN_JOBS_MAX
    generator = random.Random(arguments.seed)
    with World(arguments.build_dir, "submit") as world:
        zkey, witnesses = make_witnesses(world, arguments.kills)
        world.start_coordinator()
        world.ask("operator", "account", "deposit", world.key("requester"), REWARD * arguments.kills, "--reference", "e2e")
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        jobs = [submit_beside_a_kill(world, witness, generator.uniform(0, 0.09)) for witness in witnesses]
        assert len(set(jobs)) == arguments.kills
        listed = {job["job_id"] for job in world.ask("requester", "job", "ls", "--limit", 1000)}
        assert listed == set(jobs), listed ^ set(jobs)
        account = world.ask("requester", "account", "show")
        assert account["escrow"]["units"] == REWARD * arguments.kills and account["available"]["units"] == 0, account
        print(f"{arguments.kills} jobs posted, the coordinator killed during each")


if __name__ == "__main__":
    main()
