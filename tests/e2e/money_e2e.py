#!/usr/bin/env python3
"""Collateral, a job that nobody can prove, withdrawals and the kill switch, with real programs; every unit is somewhere at the end.

Usage: money_e2e.py BUILD_DIR [--snarkjs FOLDER]

With --snarkjs (the folder of the interoperability tests, with its node_modules) the log is judged by an auditor that shares no code with
the programs; then frauds with money are planted in it, which that auditor must find.
"""
import argparse
import json
import pathlib
import subprocess

from harness import World, wait_until

REWARD = 100
COLLATERAL = REWARD // 2
CHECK_FEE = REWARD // 10
START = {"requester": 1000, "miner1": 200, "miner2": 200, "miner3": 200}
MINERS = ["miner1", "miner2", "miner3"]


def make_files(world):
    """A key, three witnesses for it, and one that does not satisfy the circuit: its last value is another."""
    r1cs, zkey = world.dir / "chain.r1cs", world.dir / "chain.zkey"
    witnesses = [world.dir / f"w{i}.wtns" for i in range(3)]
    for witness in witnesses:
        world.run("workload", "poseidon", "--size", 4, "--r1cs", r1cs, "--wtns", witness)
    world.run("setup", "--insecure", r1cs, zkey)
    broken = world.dir / "broken.wtns"
    content = bytearray(witnesses[2].read_bytes())
    content[-32] ^= 1
    broken.write_bytes(content)
    return zkey, witnesses[:2], broken


def submit(world, witness):
    return world.ask("requester", "job", "submit", "--circuit", "chain", "--witness", witness, "--reward", REWARD, "--deadline", "120s",
                     "--policy", "race", "--width", 3)["job_id"]


def state(world, job):
    return world.ask("requester", "job", "show", job)["state"]


def units(world, who, what="available"):
    return world.ask(who, "account", "show")[what]["units"]


def nobody_can_prove(world, broken):
    """Two miners report it; they share the check fee, and nobody loses collateral."""
    job = submit(world, broken)
    wait_until("two miners report the job", lambda: state(world, job) == "unprovable", 60)
    attempts = world.ask("requester", "job", "show", job)["attempts"]
    reporters = {a["miner"] for a in attempts if a["reason"] == "REASON_UNPROVABLE" and a["state"] == "released"}
    assert len(reporters) == 2, attempts
    assert units(world, "requester") == START["requester"] - CHECK_FEE
    for miner in MINERS:
        expected = START[miner] + (CHECK_FEE // 2 if world.key(miner) in reporters else 0)
        assert units(world, miner) == expected and units(world, miner, "collateral") == 0, miner


def proven(world, witness):
    """The circuit is no worse for it: the next job is won."""
    job = submit(world, witness)
    wait_until("the good job is won", lambda: state(world, job) == "won", 60)
    for miner in MINERS:
        assert units(world, miner, "collateral") == 0, miner


def withdrawals(world):
    before = units(world, "requester")
    ids = [world.ask("requester", "account", "withdraw", amount, "--reference", f"w{amount}")["withdrawal_id"] for amount in (50, 60, 70)]
    assert units(world, "requester") == before - 180 and units(world, "requester", "withdrawing") == 180
    waiting = world.ask("operator", "account", "withdrawals", "--operator", "--everybody", "--requested")
    assert [w["withdrawal_id"] for w in waiting] == ids, waiting
    assert world.ask("operator", "account", "pay-withdrawal", ids[0], "--reference", "wire-1")["state"] == "paid"
    assert world.ask("operator", "account", "reject-withdrawal", ids[1], "--note", "no such bank")["state"] == "rejected"
    assert world.ask("requester", "account", "cancel-withdrawal", ids[2])["state"] == "cancelled"
    assert units(world, "requester") == before - 50 and units(world, "requester", "withdrawing") == 0


def kill_switch(world, witness):
    """No miner is there, so the job is open when it is suspended."""
    before = units(world, "requester")
    job = submit(world, witness)
    done = world.ask("operator", "operator", "suspend", "--circuit", "chain", "--note", "test")
    assert done["refunded_jobs"] == 1 and state(world, job) == "suspended", done
    assert units(world, "requester") == before
    world.run("job", "submit", "--circuit", "chain", "--witness", witness, "--reward", REWARD, "--coordinator", world.url, "--key",
              world.key_file("requester"), expect=7)
    world.ask("operator", "operator", "resume", "--circuit", "chain")
    assert world.ask("requester", "job", "cancel", submit(world, witness))["state"] == "cancelled"


def statements(world):
    """What every account has moved adds up to what it has."""
    for who in START:
        statement = world.ask(who, "account", "statement")
        assert statement["closing"]["available"]["units"] == units(world, who), who
        opening = statement["opening"]["available"]["units"]
        assert opening == 0 and statement["lines"][0]["kind"] == "deposit", statement["lines"][0]


def audit(world, folder):
    log = world.dir / "log.jsonl"
    subprocess.run([str(world.bin / "prooflode-coordinator"), "export-log", str(log), "--config", str(world.config())], check=True,
                   capture_output=True, timeout=120)
    done = subprocess.run(["node", f"{folder}/audit_log.mjs", str(log), "--money-frauds"], capture_output=True, text=True, timeout=600,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["paid"] == 1 and report["unfinished"] == 0 and report["notPlanted"] == [], report
    return report


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir")
    parser.add_argument("--snarkjs")
    arguments = parser.parse_args()
    with World(arguments.build_dir, "money") as world:
        world.settings = "[race]\ncollateral_per_million = 500000\ncheck_fee_per_million = 100000\n"
        zkey, (good, other), broken = make_files(world)
        world.start_coordinator()
        for who, amount in START.items():
            world.ask("operator", "account", "deposit", world.key(who), amount, "--reference", who)
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        for miner in MINERS:
            world.start_miner(miner, "--threads", 1)
        nobody_can_prove(world, broken)
        proven(world, good)
        withdrawals(world)
        for miner in MINERS:
            world.stop(miner)
        kill_switch(world, other)
        statements(world)
        held = sum(units(world, who) for who in START)
        assert held == sum(START.values()) - 50, held  # less what was paid out
        assert world.check_log()["ok"]
        if arguments.snarkjs:
            world.stop("coordinator")
            report = audit(world, pathlib.Path(arguments.snarkjs).resolve())
            print(f"{report['leaves']} leaves audited, {len(report['frauds'])} planted frauds found")
        print("collateral, an unprovable job, withdrawals and the kill switch: every unit is where it should be")


if __name__ == "__main__":
    main()
