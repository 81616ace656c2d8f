#!/usr/bin/env python3
"""Times two commands in turn, as whole processes, and prints medians and the ratio of each pair with its spread.

Usage: tools/bench_compare.py [--runs N] [--cpus LIST] [--name TEXT] [--json] 'COMMAND A' 'COMMAND B'

Runs A B A B … so that a machine whose speed drifts is fair to both; one uncounted pair first. `--cpus 0` pins both to one processor.
Wall seconds, processor seconds (user and system) and the largest resident set come from the operating system. The ratio is B/A:
above 1 means that A is faster. Exit status 1 when a command fails.
"""
import argparse
import json
import os
import shlex
import statistics
import sys
import time


def run_once(command, cpus):
    """Returns (wall s, processor s, peak resident MiB) of one run."""
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        if cpus:
            os.sched_setaffinity(0, cpus)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"bench_compare: {' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def summary(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cpus", default="", help="comma-separated processors to pin both to")
    parser.add_argument("--name", default="")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    cpus = {int(c) for c in arguments.cpus.split(",") if c}
    commands = [shlex.split(arguments.a), shlex.split(arguments.b)]
    runs = [[], []]
    for i in range(arguments.runs + 1):
        for which, command in enumerate(commands):
            figures = run_once(command, cpus)
            if i > 0:
                runs[which].append(figures)
    result = {"name": arguments.name, "runs": arguments.runs, "cpus": sorted(cpus), "a": arguments.a, "b": arguments.b}
    for column, figure in enumerate(("wall_s", "cpu_s", "peak_mib")):
        a, b = ([run[column] for run in side] for side in runs)
        result[figure] = {"a": summary(a), "b": summary(b), "ratio": summary([y / x for x, y in zip(a, b)])}
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{arguments.name or 'A against B'}: {arguments.runs} pairs")
    for figure in ("wall_s", "cpu_s", "peak_mib"):
        a, b, ratio = (result[figure][key] for key in ("a", "b", "ratio"))
        print(f"  {figure:9} A {a['median']:8.3f}  B {b['median']:8.3f}  B/A {ratio['median']:6.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})")


if __name__ == "__main__":
    main()
