#!/usr/bin/env python3
"""The house rules can fail: plants each violation in a tree of its own and expects to be told. Usage: tools/house_test.py"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent
# In order by every rule.
TREE = {
    "CMakeLists.txt": "pl_module(all SRCS base/a.cc base/real_env.cc base/audit_log.cc client/c.cc HDRS base/a.h prover/prover.h)\n",
    "base/a.h": "// Head.\n",
    "base/a.cc": '#include "base/a.h"\n\n#include <vector>\n',
    "base/real_env.cc": "#include <chrono>\nusing Clock = std::chrono::steady_clock;\n",
    "base/audit_log.cc": "int time_limit(int runtime);  // TIME(0), steady clocks\n",
    "client/c.cc": '#include "base/a.h"\n',
    "prover/prover.h": "// Head.\n",
    "tools/run.sh": "true\n",
    "README.md": "`tools/run.sh` runs it.\n",
    "tools/tidy_ratchet.json": "{}\n",
}


class HouseTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        for name, text in TREE.items():
            self.write(name, text)
        for name in ("tools/layers.json", ".clang-format"):
            shutil.copy(TOOLS.parent / name, self.root / name)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def told(self, tool):
        """What the tool says, one line a violation; none where all is in order."""
        result = subprocess.run([sys.executable, TOOLS / tool, self.root], capture_output=True, text=True)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        return result.stdout.splitlines() if result.returncode else []

    def expect(self, tool, name, text, says):
        """Plants `text` in `name`, expects to be told `says` of it, and takes it away."""
        before = (self.root / name).read_text() if (self.root / name).exists() else None
        self.write(name, text)
        told = self.told(tool)
        self.assertTrue([line for line in told if line.startswith(name) and says in line], (text, told))
        (self.root / name).unlink() if before is None else self.write(name, before)

    def test_the_tree_is_in_order(self):
        self.assertEqual(self.told("check_layers.py"), [])
        self.assertEqual(self.told("tidy.py"), [])

    def test_includes(self):
        for include in ('"prover/prover.h"', "<prover/prover.h>", '"../prover/prover.h"', '"base/../prover/prover.h"',
                        "<base/../prover/prover.h>", '"./../prover//prover.h"', '"prover/prover.h"  // says why'):
            for line in (f"#include {include}", f"  #  include {include}", f"#include{include}"):
                self.expect("check_layers.py", "base/a.cc", line + "\n", "base may not include prover/prover.h")
        self.expect("check_layers.py", "base/a.cc", "#include PROVER\n", "want a file in quotes or brackets")
        self.expect("check_layers.py", "base/a.cc", "#include <sqlite3.h>\n", "base may not include sqlite3.h")
        self.expect("check_layers.py", "prover/prover.h", '#include "prooflode/v1/common.pb.h"\n', "prover may not include")
        self.expect("check_layers.py", "elsewhere/a.cc", "\n", "belongs to no layer")

    def test_cycles(self):
        layers = json.loads((self.root / "tools/layers.json").read_text())
        layers["layers"]["base"] = ["client"]
        self.write("tools/layers.json", json.dumps(layers))
        self.assertIn("layers.json: cycle base -> client -> base", self.told("check_layers.py"))

    def test_time_and_chance(self):
        for line in ("auto t = std::chrono::steady_clock::now();", "auto t = std::chrono::steady_clock :: now();",
                     "using Clock = std::chrono::system_clock;", "using namespace std::chrono; high_resolution_clock c;",
                     "auto t = time(nullptr);", "auto t = std::time(nullptr);", "auto t = ::time ( NULL );", "time_t t; time(&t);",
                     'f("http://x"); auto t = time(0);', "f('\"'); auto t = time(0);  // \"", "gettimeofday(&t, nullptr);",
                     "clock_gettime(CLOCK_REALTIME, &t);", "std::this_thread::sleep_for(t);", "usleep(1);", "nanosleep(&t, nullptr);",
                     "std::random_device d;", "std::mt19937 r;", "#include <random>", "srand(1);", "throw 1;", "// TO" + "DO: later"):
            self.expect("check_layers.py", "client/c.cc", line + "\n", "banned here")

    def test_dead_files(self):
        self.expect("tidy.py", "base/log.cc", "\n", "no CMakeLists.txt names it")  # audit_log.cc is another
        self.expect("tidy.py", "client/a.h", "// Head.\n", "no CMakeLists.txt names it")  # as is base/a.h
        self.expect("tidy.py", "tools/un.sh", "# tools/un.sh runs itself\n", "nothing mentions it")

    def test_text(self):
        self.expect("tidy.py", "base/a.h", "int a;\n", "no comment at its head")
        self.expect("tidy.py", "base/a.cc", "int a; \n", "trailing space")
        self.expect("tidy.py", "base/a.cc", "int a;\n" * 501, "501 lines")
        self.expect("tidy.py", "base/a.cc", "void F() {\n" + "  G();\n" * 70 + "}\n", "72 lines")
        self.expect("tidy.py", "README.md", "`tools/run.sh`" + "." * 256 * 1024, "want at most 262144")

    def test_format(self):
        version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True) if shutil.which("clang-format") else None
        if not version or " version 14." not in version.stdout:
            self.skipTest("clang-format 14 is not installed")
        self.expect("tidy.py", "base/a.cc", "int  a;\n", "not as clang-format writes it")

    def test_ratchet(self):
        self.expect("tidy.py", "tools/tidy_ratchet.json", '{"base/a.cc": 600}', "lower or remove its entry")


if __name__ == "__main__":
    unittest.main()
