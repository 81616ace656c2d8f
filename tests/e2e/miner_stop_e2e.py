#!/usr/bin/env python3
"""SIGTERM to a miner that proves: one finishes the proof or gives it back, two end it at once; neither leaves a process or a witness.

Usage: miner_stop_e2e.py BUILD_DIR
"""
import json
import pathlib
import signal
import sys
import time

from harness import World, wait_until
from market_e2e import REWARD, make_circuit

MINER = "miner1"
ENDED_AT_ONCE = 128 + signal.SIGTERM


def children(pid):
    """Process ids whose parent is `pid`."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name_and_rest = stat.read_text().rpartition(")")
        except OSError:
            continue  # it ended meanwhile
        if int(name_and_rest[2].split()[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def witnesses(world):
    return [path.name for path in (world.dir / MINER / "cache").iterdir() if ".witness" in path.name]


class Stops:
    def __init__(self, world, files):
        self.world = world
        self.files = iter(files)

    def post(self):
        return self.world.ask("requester", "job", "submit", "--circuit", "chain", "--witness", next(self.files), "--reward", REWARD,
                              "--deadline", "300s")["job_id"]

    def start_proving(self, *flags):
        """A miner in the middle of a proof, its worker, and the job."""
        world = self.world
        http = world.start_miner(MINER, "--threads", 1, *flags)
        job = self.post()

        def proving():
            status = world.get(http, "/api/v1/status")
            return status is not None and json.loads(status)["devices"][0]["state"] == "proving"

        wait_until("the miner proves", proving, 60)
        assert witnesses(world), "where is the witness of the proof under way?"
        workers = children(world.processes[MINER].pid)
        assert len(workers) == 1, workers
        return job, workers[0]

    def check_nothing_left(self, worker):
        wait_until("the worker ends with its miner", lambda: not running(worker), 10)
        assert not witnesses(self.world), witnesses(self.world)

    def show(self, job):
        return self.world.ask("requester", "job", "show", job)

    def one_finishes_the_proof(self):
        job, worker = self.start_proving()
        # Two at once, as timeout(1) sends them to a process and to its group, are one.
        self.world.processes[MINER].send_signal(signal.SIGTERM)
        assert self.world.stop(MINER) == 0
        self.check_nothing_left(worker)
        assert self.show(job)["state"] == "won", self.show(job)

    def one_gives_back_what_takes_too_long(self):
        job, worker = self.start_proving("--work-stop-timeout-s", 0)
        assert self.world.stop(MINER) == 0
        self.check_nothing_left(worker)
        shown = self.show(job)
        assert shown["state"] == "open" and [a["state"] for a in shown["attempts"]] == ["released"], shown
        self.prove_by_another_run(job)

    def two_end_it_at_once(self):
        job, worker = self.start_proving()
        log = self.world.dir / f"{MINER}.log"
        before = log.read_text().count("stopping:")
        self.world.processes[MINER].send_signal(signal.SIGTERM)
        wait_until("the first is seen", lambda: log.read_text().count("stopping:") > before, 10)
        time.sleep(0.7)  # soon after the first it would count as the same
        code = self.world.stop(MINER)
        assert code == ENDED_AT_ONCE, code
        self.check_nothing_left(worker)
        assert self.show(job)["state"] == "open", self.show(job)
        self.prove_by_another_run(job)

    def prove_by_another_run(self, job):
        self.world.start_miner(MINER, "--threads", 1)
        wait_until("the next run proves the job", lambda: self.show(job)["state"] == "won", 120)
        assert self.world.stop(MINER) == 0


def main():
    with World(sys.argv[1], "miner-stop") as world:
        zkey, files = make_circuit(world, 3, 600)  # takes seconds to prove on one thread
        world.start_coordinator()
        world.ask("operator", "account", "deposit", world.key("requester"), 3 * REWARD, "--reference", "e2e")
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        stops = Stops(world, files)
        stops.two_end_it_at_once()
        stops.one_gives_back_what_takes_too_long()
        stops.one_finishes_the_proof()
        print("ok: stopped three ways in the middle of a proof")


if __name__ == "__main__":
    main()
