#!/usr/bin/env python3
"""A miner that is killed (-9) again and again while jobs run, and started again with the same data, reveals what it committed: every job is
won. Then `job submit --wait` outlives a restart of the coordinator.

Usage: miner_crash_e2e.py BUILD_DIR [--jobs N] [--kills N]
"""
import argparse
import concurrent.futures
import random
import signal
import time

from harness import World, wait_until
from market_e2e import CHANGE, DEPOSIT, REWARD, check_ends, count_ended, make_circuit, post_all

MINER = "miner1"


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir")
    parser.add_argument("--jobs", type=int, default=30)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def kept_commits(world):
    return {path.stem for path in (world.dir / MINER / "journal").glob("*.commit")}


def kill_miner_along_the_way(world, arguments):
    """Every other kill waits for a commit in the journal, so that there is something to reveal after the restart."""
    generator = random.Random(arguments.seed)
    kept = set()
    for i in range(arguments.kills):
        wait_until(f"enough jobs end for kill {i + 1}", lambda: count_ended(world) >= i * arguments.jobs // (arguments.kills + 1), 300)
        assert count_ended(world) < arguments.jobs, f"everything was over before kill {i + 1}"
        if i % 2:
            time.sleep(generator.uniform(0, 0.3))
        else:
            end = time.monotonic() + 30
            while not kept_commits(world) and time.monotonic() < end:
                time.sleep(0.001)
        world.stop(MINER, signal.SIGKILL)
        kept |= kept_commits(world)
        world.start_miner(MINER, "--threads", 1)
    return kept


def check_revealed(world, jobs, kept):
    """What was in the journal at a kill was not lost: its attempt won."""
    attempts = {a["attempt_id"]: a["state"] for job in jobs for a in world.ask("requester", "job", "show", job)["attempts"]}
    for attempt in kept:
        assert attempts.get(attempt) == "won", (attempt, attempts.get(attempt))


def wait_across_restart(world, witness):
    """Nobody proves while the coordinator restarts, so the wait has to go on afterwards."""
    world.stop(MINER)
    with concurrent.futures.ThreadPoolExecutor(1) as waiter:
        proof, public = world.dir / "waited.json", world.dir / "waited-public.json"
        waiting = waiter.submit(world.ask, "requester", "job", "submit", "--circuit", "chain", "--witness", witness, "--reward", REWARD,
                                "--deadline", "300s", "--wait", "--out-proof", proof, "--out-public", public)
        wait_until("the job is posted", lambda: any(j["state"] == "open" for j in world.ask("requester", "job", "ls", "--limit", 1000)), 30)
        world.stop("coordinator", signal.SIGKILL)
        time.sleep(1)
        world.start_coordinator()
        assert not waiting.done(), "the wait ended with the coordinator"
        world.start_miner(MINER, "--threads", 1)
        waiting.result(120)
    world.run("verify", world.dir / "vkey.json", public, proof)


def main():
    arguments = parse_arguments()
    with World(arguments.build_dir, "miner-crash") as world:
        zkey, witnesses = make_circuit(world, arguments.jobs + 1, 60)
        world.start_coordinator()
        world.ask("operator", "account", "deposit", world.key("requester"), REWARD * (arguments.jobs + 1) + CHANGE, "--reference", "e2e")
        world.ask("operator", "account", "deposit", world.key(MINER), DEPOSIT, "--reference", MINER)
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        world.start_miner(MINER, "--threads", 1)
        with concurrent.futures.ThreadPoolExecutor(1) as poster:
            posted = poster.submit(post_all, world, witnesses[:-1])
            kept = kill_miner_along_the_way(world, arguments)
            jobs = posted.result()
        wait_until("every job ends", lambda: count_ended(world) == len(jobs), 300)
        assert kept, "no kill met a commit"
        check_revealed(world, jobs, kept)
        wait_across_restart(world, witnesses[-1])
        everything = [job["job_id"] for job in world.ask("requester", "job", "ls", "--limit", 1000)]
        check_ends(world, everything, [MINER])
        print(f"{len(everything)} jobs won, miner killed {arguments.kills} times, {len(kept)} commits in its journal then")


if __name__ == "__main__":
    main()
