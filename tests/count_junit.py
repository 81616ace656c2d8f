#!/usr/bin/env python3
"""Reads ctest's JUnit file and prints each failed or skipped test and, last, 'N passed, N failed, N skipped'."""
import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(case):
    output = case.findtext("system-out") or ""
    lines = [l.strip() for l in output.splitlines()]
    at = next((i for i, l in enumerate(lines) if l.endswith("Skipped")), None)
    if at is not None and at + 1 < len(lines):
        return lines[at + 1]
    found = re.search(r"SKIPPED:? *(.*)", output)
    return found[1] if found else "no reason given"


def main():
    passed = failed = skipped = 0
    for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        if status == "run":
            passed += 1
        elif status in ("notrun", "disabled") and case.find("skipped") is not None and "SKIP" in (case.find("skipped").get("message") or ""):
            skipped += 1
            print(f"SKIPPED {name}: {skip_reason(case)}")
        else:
            failed += 1
            print(f"FAILED {name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    main()
