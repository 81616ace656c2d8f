#!/usr/bin/env python3
"""Real races in which the coordinator or a miner dies (kill -9) at every moment that has a name in the sources (base/failpoint.h) and at
random ones, and comes back: nothing acknowledged is lost, every job is won, once, and the money adds up.

Usage: failpoints_e2e.py BUILD_DIR [--rounds N] [--seed S]

Each round kills one process at a random moment and starts it again so that it dies at a failpoint; the first rounds take the failpoints in
turn, the others draw. With fewer rounds than failpoints only as many are met. A failpoint whose turn met nothing gets a few more rounds,
and must be met in one of them.
"""
import argparse
import concurrent.futures
import pathlib
import random
import re
import signal
import time

from harness import World, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
MINERS = ["miner1", "miner2"]
REWARD = 10
JOBS_A_ROUND = 2
FINAL = {"won", "expired", "cancelled"}
TRIES_MORE = 4  # for a failpoint that its round did not meet: it may have counted to more than there was


def failpoints():
    """(program, name) of each failpoint in the sources."""
    found = []
    for source in sorted((ROOT / "coordinator").rglob("*.cc")) + sorted((ROOT / "miner").rglob("*.cc")):
        program = source.relative_to(ROOT).parts[0]
        found += [(program, name) for name in re.findall(r'Failpoint\("([a-z_.]+)"\)', source.read_text())]
    names = [name for _, name in found]
    assert len(names) == len(set(names)) and {"coordinator", "miner"} <= {program for program, _ in found}, found
    return found


class Run:
    def __init__(self, world, seed):
        self.world, self.random = world, random.Random(seed)
        self.jobs, self.met, self.missed, self.rounds = [], {}, {}, 0
        self.witnesses = [world.dir / f"w{i}.wtns" for i in range(8)]
        r1cs, zkey = world.dir / "chain.r1cs", world.dir / "chain.zkey"
        for witness in self.witnesses:
            world.run("workload", "poseidon", "--size", 12, "--r1cs", r1cs, "--wtns", witness)
        world.run("setup", "--insecure", r1cs, zkey)
        world.start_coordinator()
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        for miner in MINERS:
            world.start_miner(miner, "--threads", 1)

    def start(self, process, failpoint=None):
        if process == "coordinator":
            self.world.start_coordinator(failpoint=failpoint)
        else:
            self.world.start_miner(process, "--threads", 1, failpoint=failpoint)

    def post(self):
        """Submits wait by themselves for a coordinator that is away."""
        return [self.world.ask("requester", "job", "submit", "--circuit", "chain", "--witness", witness, "--reward", REWARD, "--deadline",
                               "300s", "--policy", "race", "--width", 0, "--again")["job_id"]
                for witness in self.random.sample(self.witnesses, JOBS_A_ROUND)]

    def ended(self, jobs):
        if not self.world.is_running("coordinator"):
            return False
        try:
            listed = self.world.ask("requester", "job", "ls", "--limit", 2 * JOBS_A_ROUND)
        except AssertionError:
            if self.world.is_running("coordinator"):
                raise
            return False  # it died while it was asked
        states = {job["job_id"]: job["state"] for job in listed}
        return all(states.get(job) in FINAL for job in jobs)

    def round(self, program, name):
        processes = ["coordinator"] if program == "coordinator" else MINERS
        self.world.ask("operator", "account", "deposit", self.world.key("requester"), REWARD * JOBS_A_ROUND, "--reference",
                       f"round {self.rounds}")
        self.rounds += 1
        time.sleep(self.random.uniform(0, 0.2))
        # A round has dozens of batches, but proofs and files come in ones and twos.
        count = self.random.randint(1, 12) if name.startswith(("engine.", "store.")) else 1
        self.kill_and_start(processes, f"{name}:{count}")
        with concurrent.futures.ThreadPoolExecutor(1) as poster:
            posted = poster.submit(self.post)
            wait_until(f"somebody dies at {name} or the jobs end",
                       lambda: self.deaths(processes) or (posted.done() and self.ended(posted.result())), 120)
            died = self.deaths(processes) > 0
            self.kill_and_start(processes)  # whoever is still armed must not die later
            jobs = posted.result(120)
        wait_until(f"the jobs beside {name} end", lambda: self.ended(jobs), 120)
        self.jobs += jobs
        tally = self.met if died else self.missed
        tally[name] = tally.get(name, 0) + 1

    def deaths(self, processes):
        return sum(not self.world.is_running(process) for process in processes)

    def kill_and_start(self, processes, failpoint=None):
        for process in processes:
            assert self.world.stop(process, signal.SIGKILL) == -signal.SIGKILL
            self.start(process, failpoint)

    def check(self):
        for job_id in self.jobs:
            job = self.world.ask("requester", "job", "show", job_id)
            assert job["state"] == "won", job
            assert sum(a["state"] == "won" for a in job["attempts"]) == 1, job
        assert len(set(self.jobs)) == len(self.jobs)
        paid = sum(self.world.ask(miner, "account", "show")["available"]["units"] for miner in MINERS)
        requester = self.world.ask("requester", "account", "show")
        assert (paid, requester["available"]["units"], requester["escrow"]["units"]) == (REWARD * len(self.jobs), 0, 0), (paid, requester)
        checked = self.world.check_log()
        assert checked["ok"] and checked["jobs"] == len(self.jobs), checked


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir")
    parser.add_argument("--rounds", type=int, default=len(failpoints()))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with World(arguments.build_dir, "failpoints") as world:
        run = Run(world, arguments.seed)
        moments = failpoints()
        for i in range(arguments.rounds):
            run.round(*(moments[i] if i < len(moments) else run.random.choice(moments)))
        turn = moments[:arguments.rounds]
        for program, name in turn * TRIES_MORE:
            if name not in run.met:
                run.round(program, name)
        run.check()
        assert all(name in run.met for _, name in turn), f"never met: {[name for _, name in turn if name not in run.met]}"
        print(f"{len(run.jobs)} jobs won; killed {run.rounds} times at random and at {run.met}; not met in their round: {run.missed}")


if __name__ == "__main__":
    main()
