#!/usr/bin/env python3
"""Fails when an #include, or a banned call, crosses a line drawn in tools/layers.json.

Usage: tools/check_layers.py [ROOT]. Prints one line for each crossing; exit status 1 if there is any.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCES = {".h", ".cc", ".cu", ".cuh", ".cl"}


def load(root):
    return json.loads((root / "tools/layers.json").read_text())


def tracked_sources(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(f for f in listed if pathlib.Path(f).suffix in SOURCES and (root / f).exists())


class Layers:
    def __init__(self, config):
        self.allowed = config["layers"]
        self.by_length = sorted(self.allowed, key=len, reverse=True)  # the longest prefix names the layer

    def of(self, path):
        return next((l for l in self.by_length if path.startswith(l + "/")), None)

    def may_include(self, source, target):
        return source == target or any(
            rule in ("*", target) or (rule.endswith("/*") and target.startswith(rule[:-1]))
            for rule in self.allowed[source])

    def cycle_from(self, layer, path=()):
        if layer in path:
            return path[path.index(layer):] + (layer,)
        for rule in self.allowed[layer]:
            if rule in self.allowed and (found := self.cycle_from(rule, path + (layer,))):
                return found
        return None


STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'')


def code_of(line):
    """The line without what its strings and its comment say."""
    return STRING.sub('""', line).split("//")[0]


def resolve(root, file, include, quoted):
    """The path from the root that a compiler would take, however it is spelled."""
    beside = os.path.normpath(os.path.join(os.path.dirname(file), include))
    return beside if quoted and (root / beside).is_file() else os.path.normpath(include)


def check_include(root, layers, config, file, layer, include, quoted):
    is_test = pathlib.Path(file).stem.endswith("_test")
    include = resolve(root, file, include, quoted)
    if not is_test:
        target = layers.of(include)
        if target and not layers.may_include(layer, target):
            yield f"{layer} may not include {include}"
    for prefix, owners in config["third_party"].items():
        if include.startswith(prefix) and layer not in owners and "*" not in owners:
            if not (is_test and "*_test" in owners):
                yield f"{layer} may not include {include} (only {', '.join(owners)})"


def check_file(root, layers, config, file):
    layer = layers.of(file)
    if layer is None:
        yield f"{file}: belongs to no layer of tools/layers.json"
        return
    for number, line in enumerate((root / file).read_text().splitlines(), 1):
        code = code_of(line)
        if m := re.match(r'\s*#\s*include\s*(?:([<"])([^>"]+))?', line):
            if m[2] is None:
                yield f"{file}:{number}: want a file in quotes or brackets: {line.strip()}"
            for error in check_include(root, layers, config, file, layer, m[2], m[1] == '"') if m[2] else ():
                yield f"{file}:{number}: {error}"
        for pattern, owners in config["banned"].items():
            text = line if "TODO" in pattern else code
            if re.search(pattern, text) and not file.startswith(tuple(owners)):
                yield f"{file}:{number}: banned here: {pattern}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    config = load(root)
    layers = Layers(config)
    errors = [f"layers.json: cycle {' -> '.join(c)}" for l in layers.allowed if (c := layers.cycle_from(l))][:1]
    files = tracked_sources(root)
    for file in files:
        errors += check_file(root, layers, config, file)
    print("\n".join(errors) or f"layers: {len(files)} files in order")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
