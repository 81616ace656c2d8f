#!/usr/bin/env python3
"""One coordinator, three miners, one requester, many distinct jobs: each proven once, won once, paid once; snarkjs accepts every proof.

Usage: market_e2e.py BUILD_DIR [--jobs N] [--kills N] [--snarkjs FOLDER]

With --kills the coordinator is killed (-9) that often while the jobs run, and started again, every third time with another key that
the log is handed over to; nothing acknowledged may be missing. With
--snarkjs (the folder of the interoperability tests, with its node_modules) every proof is verified by snarkjs as well, and the whole log is
judged by an auditor that shares no code with the programs; then frauds are planted in it, which that auditor must find.
"""
import argparse
import concurrent.futures
import functools
import http.server
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import threading
import time

from harness import World, wait_until

REWARD = 10
CHANGE = 7  # what the requester has left at the end
DEPOSIT = 1000  # of each miner, whose collateral is half of a reward
FINAL = {"won", "expired", "cancelled"}


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build_dir")
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--snarkjs")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.snarkjs:
        arguments.snarkjs = str(pathlib.Path(arguments.snarkjs).resolve())
    return arguments


def make_circuit(world, jobs, size=4):
    """A key for a short Poseidon chain, and a distinct witness for each job."""
    r1cs, zkey = world.dir / "chain.r1cs", world.dir / "chain.zkey"
    witnesses = []
    for i in range(jobs):
        witness = world.dir / f"w{i}.wtns"
        world.run("workload", "poseidon", "--size", size, "--r1cs", r1cs, "--wtns", witness)
        witnesses.append(witness)
    world.run("setup", "--insecure", r1cs, zkey, "--vkey", world.dir / "vkey.json")
    return zkey, witnesses


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve_mirror(world, zkey):
    """An HTTP server on loopback that has the key and nothing else; its URL."""
    folder = world.dir / "mirror"
    folder.mkdir()
    os.link(zkey, folder / zkey.name)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/{zkey.name}"


def check_key_sources(world, ports, trusting, key_bytes):
    """Miners that may talk to private addresses had the key from its mirror, others from the coordinator."""
    from_mirror = 0
    for miner, port in ports.items():
        told = (world.dir / f"{miner}.log").read_text()
        if "key of chain from" not in told:
            continue
        page = world.get(port, "/metrics")
        mirror, coordinator, refused = (
            float(re.search(rf'^prooflode_miner_key_{what}_total{{source="{source}"}} (\S+)$', page, re.M)[1])
            for what, source in (("fetched_bytes", "mirror"), ("fetched_bytes", "coordinator"), ("fetch_failures", "mirror")))
        if miner in trusting:
            assert mirror >= key_bytes and coordinator == 0 and refused == 0, page
            assert "key of chain from mirror 127.0.0.1:" in told, told
            from_mirror += 1
        else:
            assert mirror == 0 and coordinator >= key_bytes and refused == 1, page
            assert "its address 127.0.0.1 is not public" in told, told
    assert from_mirror > 0, "no miner needed the key"


# Mostly races of the market's default width, and some of each other policy, whose single place is drawn for.
HANDOVER_EVERY = 3  # kills
POLICIES = [["race"], ["race"], ["race", "--width", 1], ["race"], ["lease"], ["race", "--width", 0], ["race"], ["hedged"]]


def post_all(world, witnesses):
    return [world.ask("requester", "job", "submit", "--circuit", "chain", "--witness", w, "--reward", REWARD, "--deadline", "300s",
                      "--policy", *POLICIES[i % len(POLICIES)])["job_id"] for i, w in enumerate(witnesses)]


def kill_along_the_way(world, count, seed, job_count):
    """Kills and restarts the coordinator `count` times, spread over the run, each time with work under way."""
    generator = random.Random(seed)
    for i in range(count):
        wait_until(f"enough jobs end for kill {i + 1}", lambda: count_ended(world) >= i * job_count // (count + 1), 300)
        time.sleep(generator.uniform(0, 0.3))
        assert count_ended(world) < job_count, f"everything was over before kill {i + 1}"
        world.stop("coordinator", signal.SIGKILL)
        if i % HANDOVER_EVERY == HANDOVER_EVERY - 1:
            world.hand_over()
        world.start_coordinator()


def count_ended(world):
    return sum(job["state"] in FINAL for job in world.ask("requester", "job", "ls", "--limit", 1000))


def check_ends(world, jobs, miners):
    """Exactly one winner each, who was paid exactly once; every unit is somewhere."""
    wins = {}
    for job_id in jobs:
        job = world.ask("requester", "job", "show", job_id)
        assert job["state"] == "won" and job["work_units"] > 0, job
        wins[job["winner"]] = wins.get(job["winner"], 0) + 1
        won = [a for a in job["attempts"] if a["state"] == "won"]
        assert len(won) == 1, won
    paid = 0
    for miner in miners:
        available = world.ask(miner, "account", "show")["available"]["units"]
        # Losers have all of their collateral back, whatever happened to the coordinator.
        assert available == DEPOSIT + REWARD * wins.get(world.key(miner), 0), (miner, available, wins)
        paid += available - DEPOSIT
    assert sum(wins.values()) == len(jobs)
    requester = world.ask("requester", "account", "show")
    assert requester["escrow"]["units"] == 0, requester
    assert requester["available"]["units"] + paid == REWARD * len(jobs) + CHANGE, (requester, paid)
    return wins


def explain(world, jobs):
    """`job explain` tells every job from its posting to its payment, each attempt once, drawn or admitted at once."""
    drawn = 0
    for job in jobs:
        told = world.ask("miner1", "job", "explain", job)
        steps = told["steps"]
        assert steps[0]["command"] == "post-job" and [s for s in steps if s.get("job_state") == "won"], told
        leaves = [s["leaf_index"] for s in steps]
        assert leaves == sorted(set(leaves)), leaves
        changes = [change for s in steps for change in s["attempts"]]
        admitted = [change["attempt_id"] for change in changes if change["state"] == "admitted"]
        assert set(admitted) == {a["attempt_id"] for a in told["attempts"]}, told
        assert [change["miner"] for change in changes if change["state"] == "won"] == [told["winner"]], told
        candidates = [c for s in steps for draw in s["draws"] for c in draw["candidates"]]
        drawn += len(candidates)
        assert all(c["tickets"] >= 1 for c in candidates), candidates
        assert sum(p["amount_units"] for s in steps for p in s["payments"] if p["kind"] == "reward") == REWARD, told
    text = world.run("job", "explain", jobs[0], "--coordinator", world.url, "--key", world.key_file("miner1"))
    assert "draw 1: " in text and " won" in text and "reward " in text, text
    assert drawn >= len(jobs) // 2, drawn
    world.ask("miner1", "job", "explain", "0" * 32, expect=7)
    forecast = world.ask("requester", "job", "forecast", "--circuit", "chain")
    assert forecast["proofs"] > 0 and all(f["half_s"] <= f["nine_tenths_s"] for f in forecast["forecasts"]), forecast
    world.ask("requester", "job", "forecast", "--circuit", "none", expect=7)


def verify_with_snarkjs(world, jobs, folder):
    """One Node process verifies every proof."""
    pairs = []
    for i, job_id in enumerate(jobs):
        proof, public = world.dir / f"p{i}.json", world.dir / f"pub{i}.json"
        world.run("job", "proof", job_id, proof, public, "--coordinator", world.url, "--key", world.key_file("requester"))
        pairs.append([str(public), str(proof)])
    script = """
      const fs = require('fs'); const snarkjs = require(process.argv[1] + '/node_modules/snarkjs');
      const read = f => JSON.parse(fs.readFileSync(f)); const vk = read(process.argv[2]);
      (async () => { let ok = 0;
        for (const [pub, proof] of JSON.parse(process.argv[3])) ok += await snarkjs.groth16.verify(vk, read(pub), read(proof)) ? 1 : 0;
        console.log(ok); process.exit(0); })();"""
    done = subprocess.run(["node", "-e", script, folder, str(world.dir / "vkey.json"), json.dumps(pairs)], capture_output=True,
                          text=True, timeout=600, check=True)
    assert int(done.stdout) == len(jobs), f"snarkjs accepted {done.stdout.strip()} of {len(jobs)}"


def coordinator_says(world, *arguments):
    return subprocess.run([str(world.bin / "prooflode-coordinator"), *arguments, "--config", str(world.config())], capture_output=True,
                          text=True, timeout=120, check=True).stdout


def audit(world, job_count, folder):
    """The coordinator is stopped: its log, replayed by itself and judged by the other implementation, has the same root."""
    log = world.dir / "log.jsonl"
    coordinator_says(world, "export-log", str(log))
    root = json.loads(coordinator_says(world, "check", "--json"))["root"]
    done = subprocess.run(["node", f"{folder}/audit_log.mjs", str(log), "--root", root, "--frauds"], capture_output=True, text=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["paid"] == job_count and report["unfinished"] == 0, report
    assert report["judged"] >= job_count and report["notJudged"] == 0, report
    # Two commits before the first verdict are a matter of chance; everything else is in every log.
    by_chance = {"two commits swapped"}
    if len(world.coordinator_keys) < 2:
        assert len(report["keys"]) == 1, report["keys"]
        by_chance |= {name for name in report["notPlanted"] if "handover" in name or "handed" in name}
    assert set(report["notPlanted"]) <= by_chance, report["notPlanted"]
    assert len(report["keys"]) == max(1, len(world.coordinator_keys)), report["keys"]
    return report


def delete_proofs(world, jobs, folder):
    """A start that keeps proofs for a second deletes all of them; log, audits and `check` say so, and none calls it a fraud."""
    world.environment["PROOFLODE_RETENTION_PROOF_S"] = "1"
    world.start_coordinator()

    def counts():
        checked = world.check_log()
        return checked["proofs"], checked["deleted_proofs"]

    shown = sum(counts())
    assert shown >= len(jobs), shown
    wait_until("every proof is deleted", lambda: counts() == (0, shown), 30)
    world.ask("requester", "job", "proof", jobs[0], world.dir / "gone.json", world.dir / "gone-public.json", expect=7)
    report = world.ask("requester", "audit", "--all")
    assert report["ok"] and report["verdicts_judged"] == 0 and report["verdicts_not_judged"] >= len(jobs), report
    text = world.run("audit", "--all", "--coordinator", world.url, "--key", world.key_file("requester"))
    assert f"verdicts not judged again: {report['verdicts_not_judged']} (proofs deleted)" in text, text
    world.stop("coordinator")
    log = world.dir / "deleted.jsonl"
    coordinator_says(world, "export-log", str(log))
    done = subprocess.run(["node", f"{folder}/audit_log.mjs", str(log)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["notJudged"] == report["verdicts_not_judged"], done.stdout


def audit_with_our_own(world, jobs, miners):
    """`prooflode log verify` and `audit`, online and from files: an honest log has no findings, and a planted fraud is named."""
    state = world.dir / "seen.checkpoint"
    world.ask("requester", "log", "verify", "--state", state)
    verified = world.ask("requester", "log", "verify", "--state", state)
    assert verified["ok"] and verified["signed_heads"] >= 2 and state.exists(), verified
    receipts = [flag for miner in miners if (world.dir / miner / "receipts" / "receipts.jsonl").exists()
                for flag in ("--receipts", world.dir / miner / "receipts")]
    report = world.ask("requester", "audit", "--all", *receipts)
    assert report["ok"] and report["paid"] == len(jobs) and report["receipts"] >= len(jobs), report
    assert report["verdicts_judged"] >= len(jobs) and report["foreign_receipts"] == 0, report
    assert report["verdicts_not_judged"] == 0, report
    assert report["verdicts_by_verifier_version"].keys() == {"1"}, report
    assert world.ask("requester", "audit", jobs[0], *receipts)["paid"] == 1

    log, forged = world.dir / "export.jsonl", world.dir / "forged.jsonl"
    coordinator_says(world, "export-log", str(log))
    # The first key, whatever signs by now: it leads to the others.
    first = json.loads(world.run("key", "show", world.dir / "coordinator" / "coordinator.key", "--json"))["public_key"]
    assert world.ask("requester", "log", "verify", "--state", state, "--coordinator-key", first)["ok"]
    offline = ["--coordinator-key", first, "--checkpoint", state, *receipts, "--json"]
    assert json.loads(world.run("audit", "--all", "--log", log, *offline))["ok"]
    lines = log.read_text().splitlines(keepends=True)
    commits = [i for i, line in enumerate(lines) if '"type":"commit"' in line]
    opened = [i for i in commits if '"proof":' in lines[i]]  # those of leases that nobody else could get
    assert len(jobs) < 5 or opened, "no commit of a lease shows its proof"
    commit = next(i for i in commits if i not in opened)
    forged.write_text("".join(lines[:commit] + lines[commit + 1:]))
    found = {f["fraud"] for f in json.loads(world.run("audit", "--all", "--log", forged, *offline, expect=8))["findings"]}
    assert {"commit-dropped", "leaf-removed", "history-rewritten", "reveal-without-commit"} <= found, found


def name_a_witness(world):
    """Its key, in the coordinator's configuration by a variable."""
    key = world.run("log", "cosign", "--show-key", "--name", "witness.example/w", "--witness-key", world.key_file("witness"))
    world.environment["PROOFLODE_TRANSPARENCY_WITNESSES"] = key.strip()


def cosign(world):
    flags = ["log", "cosign", "--name", "witness.example/w", "--witness-key", world.key_file("witness"), "--state", world.dir / "witness"]
    for _ in range(2):
        assert world.ask("requester", *flags)["added"] <= 1
    cosigned = world.get(world.http_port, "/log/checkpoint?cosignatures=1")
    assert "\u2014 witness.example/w " in cosigned, cosigned


def main():
    arguments = parse_arguments()
    miners = ["miner1", "miner2", "miner3"]
    trusting = miners[:2]
    with World(arguments.build_dir, "market") as world:
        # Kills need work under way, so proofs take a while then.
        zkey, witnesses = make_circuit(world, arguments.jobs, 60 if arguments.kills else 4)
        world.settings = "[race]\ncollateral_per_million = 500000\n"
        name_a_witness(world)
        world.start_coordinator()
        world.ask("operator", "account", "deposit", world.key("requester"), REWARD * arguments.jobs + CHANGE, "--reference", "e2e")
        circuit = world.ask("requester", "circuit", "add", zkey, "--name", "chain", "--mirror", serve_mirror(world, zkey))
        assert (circuit["security_bits"], circuit["setup"]) == (100, "single-party") and circuit["work_units"] > 0, circuit
        ports = {}
        for miner in miners:
            world.ask("operator", "account", "deposit", world.key(miner), DEPOSIT, "--reference", miner)
            ports[miner] = world.start_miner(miner, "--threads", 1, *(["--mirrors-allow-private", "true"] if miner in trusting else []))
        with concurrent.futures.ThreadPoolExecutor(1) as poster:
            posted = poster.submit(post_all, world, witnesses)
            kill_along_the_way(world, arguments.kills, arguments.seed, arguments.jobs)
            jobs = posted.result()
        assert len(set(jobs)) == len(jobs)
        wait_until("every job ends", lambda: count_ended(world) == len(jobs), 300)
        wins = check_ends(world, jobs, miners)
        check_key_sources(world, ports, trusting, zkey.stat().st_size)
        explain(world, jobs)
        audit_with_our_own(world, jobs, miners)
        cosign(world)
        checked = world.check_log()
        assert checked["ok"] and checked["jobs"] == len(jobs) and checked["leaves"] > 4 * len(jobs), checked
        if arguments.snarkjs:
            verify_with_snarkjs(world, jobs, arguments.snarkjs)
            world.stop("coordinator")
            report = audit(world, len(jobs), arguments.snarkjs)
            delete_proofs(world, jobs, arguments.snarkjs)
            print(f"{report['leaves']} leaves audited, {len(report['frauds'])} planted frauds found")
        print(f"{len(jobs)} jobs won, wins by miner: {sorted(wins.values(), reverse=True)}, "
              f"coordinator killed {arguments.kills} times, snarkjs {'accepted every proof' if arguments.snarkjs else 'not asked'}")


if __name__ == "__main__":
    main()
