#!/usr/bin/env python3
"""The closing table of deploy/quickstart.sh: each job, who raced, who won and by what margin, and balances that must add up.

Usage: quickstart_report.py PROOFLODE URL MARKET_FOLDER. Exit status 1 when the money does not add up.
"""
import json
import pathlib
import subprocess
import sys

DEPOSIT_UNITS = 100_000_000  # what the quick start gave its requester: 100 credits of six decimals


def main():
    program, url, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])

    def ask(key, *words):
        out = subprocess.run([program, *words, "--coordinator", url, "--key", str(key), "--json"], check=True, capture_output=True,
                             text=True)
        return json.loads(out.stdout)

    def public_key(key):
        out = subprocess.run([program, "key", "show", str(key), "--json"], check=True, capture_output=True, text=True)
        return json.loads(out.stdout)["public_key"]

    keys = {"requester": folder / "requester.key", **{f"miner{i}": folder / f"miner{i}/miner.key" for i in (1, 2, 3)}}
    names = {public_key(key): name for name, key in keys.items()}

    print(f"{'job':8} {'circuit':9} {'raced':24} {'winner':8} {'reward':>12} {'proven in':>10} {'margin':>9}")
    for listed in reversed(ask(keys["requester"], "job", "ls")):
        job = ask(keys["requester"], "job", "show", listed["job_id"])
        raced = ", ".join(sorted(names[a["miner"]] for a in job["attempts"]))
        seconds = (job["delivered_at_us"] - job["posted_at_us"]) / 1e6
        behind = sorted(a["behind_winner_us"] for a in job["attempts"] if a["state"] == "lost")
        margin = f"{behind[0] / 1000:.0f} ms" if behind else "alone"
        print(f"{job['job_id'][:6]:8} {job['circuit']:9} {raced:24} {names.get(job['winner'], '-'):8} {job['reward']['text']:>12} "
              f"{seconds:8.2f} s {margin:>9}")

    print()
    total = 0
    for name, key in keys.items():
        account = ask(key, "account", "show")
        total += account["available"]["units"] + account["escrow"]["units"]
        print(f"{name:10} {account['available']['text']:>16}")
    print(f"{'sum':10} {total / 1e6:>9.6f} of {DEPOSIT_UNITS / 1e6:.6f} deposited: {'adds up' if total == DEPOSIT_UNITS else 'DOES NOT ADD UP'}")
    return total != DEPOSIT_UNITS


if __name__ == "__main__":
    sys.exit(main())
