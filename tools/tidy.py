#!/usr/bin/env python3
"""House rules that a compiler does not check. Usage: tools/tidy.py [ROOT]; exit status 1 on a violation.

- files of at most 500 lines and functions of at most 70, with a ratchet: tools/tidy_ratchet.json lists what is longer today and how
  long it may be; nothing on that list may grow, and what has shrunk must leave it
- every C++ source is named in a CMakeLists.txt, every script by another file (dead files); a name is a whole one
- C++ is as clang-format 14 writes it (not looked at where that version is not installed)
- no file over 256 KiB in the tree, no tab or trailing space in sources, a comment at the head of every header
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
FILE_BYTES_MAX = 256 * 1024
CODE = {".h", ".cc", ".py", ".mjs", ".js", ".sh"}
CPP = {".h", ".cc"}


def tracked(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(f for f in listed if f and (root / f).is_file())


def functions(text):
    """Yields (name, lines) of C++ functions: a block at namespace or class level whose opening line has a ')'."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if not re.match(r"^ {0,4}\S.*\).*\{$", line):
            continue
        start = i  # the head may span lines: go back to the one that opens the parameter list
        depth = line.count(")") - line.count("(")
        while depth > 0 and start > 0:
            start -= 1
            depth += lines[start].count(")") - lines[start].count("(")
        head = lines[start]
        indent = len(head) - len(head.lstrip())
        m = re.search(r"([~\w:]+|operator\W+)\s*\(", head)
        if indent > 2 or not m or re.match(r"\s*(if|for|while|switch|else|do|namespace)\b", head):
            continue
        for j in range(i + 1, len(lines)):
            if lines[j].startswith(" " * indent + "}"):
                yield m[1], j - start + 1
                break


def measure(root, files):
    """Everything over a limit: 'path' or 'path:function' -> lines."""
    long = {}
    for file in files:
        if pathlib.Path(file).suffix not in CODE:
            continue
        text = (root / file).read_text(errors="replace")
        count = text.count("\n")
        if count > FILE_LINES_MAX:
            long[file] = count
        if pathlib.Path(file).suffix in CPP:
            for name, lines in functions(text):
                if lines > FUNCTION_LINES_MAX:
                    long[f"{file}:{name}"] = max(lines, long.get(f"{file}:{name}", 0))
    return long


def check_ratchet(long, allowed):
    for what, lines in sorted(long.items()):
        limit = allowed.get(what, FUNCTION_LINES_MAX if ":" in what else FILE_LINES_MAX)
        if lines > limit:
            yield f"{what}: {lines} lines, want at most {limit}"
    for what, limit in sorted(allowed.items()):
        if long.get(what, 0) < limit:
            yield f"tools/tidy_ratchet.json: {what} is at {long.get(what, 'no longer over the limit')}, lower or remove its entry {limit}"


def check_dead(root, files):
    named = set()
    for file in (f for f in files if f.endswith("CMakeLists.txt")):
        for name in re.findall(r"[\w./-]+\.(?:cc|h)\b", (root / file).read_text()):
            named.add(os.path.normpath(os.path.join(os.path.dirname(file), name)))
    mentions = {f: (root / f).read_text(errors="replace") for f in files
                if pathlib.Path(f).suffix in CODE | {".md", ".txt", ".json", ".yml"} or f == ".ci/run"}
    for file in files:
        path = pathlib.Path(file)
        if path.suffix in CPP and file not in named:
            yield f"{file}: no CMakeLists.txt names it"
        if path.suffix in {".py", ".sh", ".mjs"}:
            name = re.compile(rf"(?<![\w.-]){re.escape(path.name)}(?![\w-])")
            if not any(path.name in text and name.search(text) for other, text in mentions.items() if other != file):
                yield f"{file}: nothing mentions it"


def check_format(root, files):
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not program or " version 14." not in subprocess.run([program, "--version"], capture_output=True, text=True).stdout:
        print("tidy: the format of C++ was not checked: clang-format 14 is not installed (tools/deps.sh test)")
        return
    sources = [f for f in files if pathlib.Path(f).suffix in CPP]
    found = subprocess.run([program, "--dry-run", "-Werror", *sources], cwd=root, capture_output=True, text=True).stderr
    for place in sorted(set(re.findall(r"^([^\s:]+:\d+):\d+: error:", found, re.MULTILINE))):
        yield f"{place}: not as clang-format writes it"


def check_text(root, files):
    for file in files:
        path = root / file
        if path.stat().st_size > FILE_BYTES_MAX:
            yield f"{file}: {path.stat().st_size} bytes, want at most {FILE_BYTES_MAX}"
        if path.suffix not in CPP:
            continue
        text = path.read_text(errors="replace")
        if path.suffix == ".h" and not text.startswith(("//", "/*")):
            yield f"{file}: no comment at its head that says what it promises"
        for number, line in enumerate(text.splitlines(), 1):
            if "\t" in line or line != line.rstrip():
                yield f"{file}:{number}: tab or trailing space"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = tracked(root)
    allowed = json.loads((root / "tools/tidy_ratchet.json").read_text())
    errors = [*check_ratchet(measure(root, files), allowed), *check_dead(root, files), *check_text(root, files),
              *check_format(root, files)]
    print("\n".join(errors) or f"tidy: {len(files)} files in order")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
