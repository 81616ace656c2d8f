#!/usr/bin/env python3
"""Plants each bug of planted_bugs.py into a copy of the coordinator and demands that the simulation finds it.

Usage: tests/sim/plant_bugs.py BUILD_DIR [--seeds N] [--jobs N] [NAME...]

For each bug: copies the files it changes, compiles those copies with the build's own flags (and -O1), links them before the
libraries of prooflode-sim, and runs seeds from 1 on until one fails. The build must be up to date. Prints which seed found it and
by which rule, or by which assertion of the coordinator's own. Exit status 1 when a bug was not found or could not be planted.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

from planted_bugs import BUGS

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN_SECONDS_MAX = 400


def ninja(build, *arguments):
    return subprocess.run(["ninja", "-C", str(build), "-t", *arguments], capture_output=True, text=True, check=True).stdout


class Build:
    """What it takes to make another prooflode-sim."""

    def __init__(self, folder):
        self.folder = folder
        # ninja says where it works before it answers
        entries = json.loads(re.sub(r"^ninja: Entering directory.*\n", "", ninja(folder, "compdb")))
        self.compile = {entry["file"]: entry["command"] for entry in entries if entry["file"].endswith(".cc")}
        link = ninja(folder, "commands", "bin/prooflode-sim").strip().splitlines()[-1]
        self.link = link.removeprefix(": && ").removesuffix(" && :")

    def compile_command(self, source, copy, target):
        words = shlex.split(self.compile[str(source)])
        out = []
        skip = False
        for word in words:
            if skip or word in ("-MD", "-Werror"):
                skip = False
            elif word in ("-MT", "-MF", "-o"):
                skip = True
            elif not re.fullmatch(r"-O\d|-g\d?", word):
                out.append(str(copy) if word == str(source) else word)
        return out + ["-O1", "-w", "-o", str(target)]

    def link_command(self, objects, target):
        words = shlex.split(self.link)
        words[words.index("-o") + 1] = str(target)
        first = next(i for i, word in enumerate(words) if word.endswith("main.cc.o"))
        return words[:first + 1] + [str(o) for o in objects] + words[first + 1:]


def plant(build, name, changes, folder):
    """Builds the simulation with the bug; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {}
    for file, find, replacement in changes:
        text = texts.get(file) or (ROOT / file).read_text()
        if text.count(find) != 1:
            raise RuntimeError(f"{file}: the text to change stands there {text.count(find)} times, want once: {find!r}")
        texts[file] = text.replace(find, replacement)
    objects = []
    for file, text in texts.items():
        copy = folder / pathlib.Path(file).name
        copy.write_text(text)
        objects.append(copy.with_suffix(".o"))
        run = subprocess.run(build.compile_command(ROOT / file, copy, objects[-1]), cwd=build.folder, capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(f"{file} does not compile with the bug:\n{run.stderr[-2000:]}")
    binary = folder / "prooflode-sim"
    run = subprocess.run(build.link_command(objects, binary), cwd=build.folder, capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(f"does not link:\n{run.stderr[-2000:]}")
    return binary


def hunt(build, name, seeds):
    """Returns (found, line)."""
    start = time.monotonic()
    folder = build.folder / "planted" / name.replace(" ", "-")
    try:
        binary = plant(build, name, BUGS[name], folder)
        run = subprocess.run([binary, "--seed", "1", "--count", str(seeds)], capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return False, f"{name}: {error}"
    seconds = time.monotonic() - start
    said = [line for line in run.stderr.replace("\0", "").splitlines() if "runs," not in line]
    if run.returncode == 0:
        return False, f"{name}: not found in {seeds} seeds ({seconds:.0f} s)"
    if run.returncode != 1 or not any(line.startswith("prooflode-sim: seed ") for line in said):
        return False, f"{name}: ended with {run.returncode}: {' '.join(said)[-500:]}"
    return True, f"{name}: {' '.join(said)[:200]} ({seconds:.0f} s)"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BUGS]:
        parser.error(f"no such bug: {', '.join(unknown)}")
    build = Build(options.build.resolve())
    names = options.names or list(BUGS)
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for found, line in pool.map(lambda name: hunt(build, name, options.seeds), names):
            print("found" if found else "MISSED", line, flush=True)
            missed += not found
    print(f"{len(names) - missed} of {len(names)} planted bugs found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
