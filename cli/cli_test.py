"""The local commands from outside: exit codes, files, streams. Usage: cli_test.py PATH_TO_PROOFLODE"""

import json
import os
import pathlib
import resource
import stat
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop()
# The run time of a sanitizer names itself in the program.
SANITIZED = any(name in pathlib.Path(PROGRAM).read_bytes() for name in (b"__asan_init", b"__tsan_init"))


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        cls.good("workload", "poseidon", "--size", "1", "--r1cs", "p.r1cs", "--wtns", "p.wtns", "--seed", "w")
        cls.good("setup", "--insecure", "p.r1cs", "p.zkey", "--vkey", "vk.json", "--seed", "k")
        cls.good("prove", "p.zkey", "p.wtns", "proof.json", "public.json")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def call(cls, *args, env=None, limits=()):
        """`limits`: pairs of a RLIMIT_ constant and a number of bytes."""
        def limit():
            for what, count in limits:
                resource.setrlimit(what, (count, count))
        return subprocess.run([PROGRAM, *map(str, args)], cwd=cls.dir, capture_output=True, text=True, timeout=300,
                              env={**os.environ, **(env or {})}, preexec_fn=limit if limits else None)

    @classmethod
    def good(cls, *args, **kwargs):
        result = cls.call(*args, **kwargs)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refused(self, code, *args, says="", env=None):
        result = self.call(*args, env=env)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertIn(says, result.stderr)

    def read(self, name):
        return (self.dir / name).read_bytes()

    def write(self, name, data):
        (self.dir / name).write_bytes(data)
        return name

    def test_prove_and_verify(self):
        self.assertEqual(self.good("verify", "vk.json", "public.json", "proof.json"), "valid\n")

    def test_prove_json(self):
        out = json.loads(self.good("prove", "p.zkey", "p.wtns", "pj.json", "uj.json", "--json", "--repeat", "3",
                                   "--threads", "2", "--device", "cpu"))
        self.assertEqual(out["device"], "cpu")
        self.assertEqual(out["threads"], 2)
        self.assertEqual(len(out["prove_ms"]), 3)
        self.assertEqual(out["circuit"]["public_inputs"], 1)
        self.assertEqual(out["circuit"]["domain"] & (out["circuit"]["domain"] - 1), 0)
        self.assertGreater(out["circuit"]["constraints"], 100)
        for name in ("load_ms", "verify_ms", "peak_rss_bytes"):
            self.assertGreater(out[name], 0, name)
        self.assertIn("msm_h", out["stages_ms"])

    def test_proofs_differ_and_verify(self):
        seen = {self.read("proof.json")}
        for _ in range(20):
            self.good("prove", "p.zkey", "p.wtns", "again.json", "again.public.json")
            seen.add(self.read("again.json"))
            self.good("verify", "vk.json", "again.public.json", "again.json")
        self.assertEqual(len(seen), 21)

    def test_unsatisfied_witness_writes_nothing(self):
        data = bytearray(self.read("p.wtns"))
        data[-32] ^= 1
        self.write("bad.wtns", bytes(data))
        self.refused(1, "prove", "p.zkey", "bad.wtns", "none.json", "none.public.json", says="does not satisfy")
        self.assertFalse((self.dir / "none.json").exists())
        self.assertFalse((self.dir / "none.public.json").exists())
        self.write("kept.json", b"old")
        self.refused(1, "prove", "p.zkey", "bad.wtns", "kept.json", "kept.public.json")
        self.assertEqual(self.read("kept.json"), b"old")

    def test_witness_of_another_circuit(self):
        self.good("workload", "sha256", "--size", "1", "--wtns", "s.wtns")
        self.refused(1, "prove", "p.zkey", "s.wtns", "none.json", "none.public.json", says="different circuits")
        self.refused(1, "prove", "p.zkey", "s.wtns", "none.json", "none.public.json", says="s.wtns: ")

    def test_truncated_files(self):
        for name in ("p.zkey", "p.wtns"):
            data = self.read(name)
            for length in (0, 3, 11, 40, len(data) // 2, len(data) - 1):
                short = self.write("short", data[:length])
                args = ("short", "p.wtns") if name == "p.zkey" else ("p.zkey", "short")
                self.refused(1, "prove", *args, "none.json", "none.public.json", says=short)
        self.assertFalse((self.dir / "none.json").exists())
        for name in ("proof.json", "public.json", "vk.json"):
            self.write("short", self.read(name)[:-3])
            files = [("short" if f == name else f) for f in ("vk.json", "public.json", "proof.json")]
            self.refused(1, "verify", *files, says="short")

    def test_invalid_proofs(self):
        public = json.loads(self.read("public.json"))
        public[0] = str(int(public[0]) ^ 1)
        self.write("other.json", json.dumps(public).encode())
        result = self.call("verify", "vk.json", "other.json", "proof.json")
        self.assertEqual((result.returncode, result.stdout.split(":")[0]), (5, "invalid"))
        self.write("many.json", json.dumps(public * 2).encode())
        result = self.call("verify", "vk.json", "many.json", "proof.json", "--json")
        self.assertEqual((result.returncode, json.loads(result.stdout)["valid"]), (5, False))

    def test_missing_file_names_it(self):
        self.refused(1, "prove", "absent.zkey", "p.wtns", "none.json", "none.public.json", says="absent.zkey")

    def test_usage(self):
        self.refused(2, says="subcommand")
        self.refused(2, "prove", "p.zkey")
        self.refused(2, "prove", "p.zkey", "p.wtns", "a", "b", "--treads", "2", says="--threads")
        result = self.call("prove", "p.zkey", "p.wtns", "x.json", "y.json", "--thread", "2")
        self.assertEqual(result.returncode, 2)
        self.assertIn("did you mean --threads instead of --thread?", result.stderr)
        self.assertEqual(result.stderr.count("did you mean"), 1, result.stderr)
        self.refused(2, "prove", "p.zkey", "p.wtns", "a", "b", "--threads", "0")
        self.refused(2, "prvoe", says="prove")
        self.refused(2, "workload", "nothing", says="nothing")
        self.refused(2, "setup", "p.r1cs", "none.zkey", says="--insecure")
        self.assertFalse((self.dir / "none.zkey").exists())

    def test_devices_that_are_not_there(self):
        prove = ("prove", "p.zkey", "p.wtns", "none.json", "none.public.json", "--device")
        for device in ("cuda:0", "opencl:1", "pci:0000:01:00.0"):
            self.refused(3, *prove, device, says=f"--device: no device {device}: no such backend")
        for device in ("nonsense", "cuda:x"):
            self.refused(2, *prove, device, says=f'--device "{device}": want auto, cpu, cuda:N')

    def test_cpu_paths(self):
        cpu = json.loads(self.good("devices", "--json"))["devices"][0]
        self.assertIn("portable", cpu["paths"])
        self.assertIn(cpu["path"], cpu["paths"])
        self.assertGreaterEqual(cpu["threads"], 1)
        for path in cpu["paths"]:
            self.good("prove", "p.zkey", "p.wtns", "c.json", "cu.json", "--cpu", path)
        self.refused(2, "prove", "p.zkey", "p.wtns", "c.json", "cu.json", "--cpu", "abacus", says="abacus")

    def test_bench(self):
        for dist in ("uniform", "bits"):
            size = {"uniform": "11", "bits": "15"}[dist]
            out = json.loads(self.good("bench", "groth16", "--size", size, "--dist", dist, "--repeat", "2", "--json"))
            self.assertEqual(out["circuit"]["domain"], 1 << int(size))
            self.assertEqual(len(out["prove_ms"]), 2)
        self.refused(2, "bench", "groth16", "--size", "10", "--dist", "bits", says="larger --size")

    def test_kernel_benches(self):
        for args in (["field"], ["ntt", "--size", "8"], ["msm", "--size", "6", "--group", "g2", "--dist", "bits"]):
            out = json.loads(self.good("bench", *args, "--runs", "2", "--json"))
            self.assertGreater(out["figures"][0]["median_ns"], 0)
        self.assertIn("msm_g1", self.good("bench", "msm", "--size", "6", "--runs", "1"))
        self.refused(2, "bench", "msm", "--curve", "bls12-381")

    def test_export(self):
        self.good("export", "verificationkey", "p.zkey", "vk2.json")
        self.assertEqual(self.read("vk2.json"), self.read("vk.json"))
        self.good("export", "solidity", "p.zkey", "a.sol")
        self.good("export", "solidity", "vk.json", "b.sol")
        self.assertEqual(self.read("a.sol"), self.read("b.sol"))
        self.assertIn(b"contract", self.read("a.sol"))
        self.assertTrue(self.good("export", "calldata", "public.json", "proof.json").startswith("["))
        self.refused(2, "export")
        self.refused(1, "export", "solidity", "proof.json", "c.sol", says="proof.json")

    def test_environment_gives_defaults_and_flags_win(self):
        prove = ("prove", "p.zkey", "p.wtns", "e.json", "eu.json")
        out = json.loads(self.good(*prove, "--json", env={"PROOFLODE_THREADS": "3"}))
        self.assertEqual(out["threads"], 3)
        out = json.loads(self.good(*prove, "--json", "--threads", "1", env={"PROOFLODE_THREADS": "3"}))
        self.assertEqual(out["threads"], 1)
        self.refused(3, *prove, env={"PROOFLODE_DEVICE": "cuda:0"})
        self.refused(2, *prove, env={"PROOFLODE_THREADS": "many"})

    def test_setup_warns_and_repeats(self):
        result = self.call("setup", "--insecure", "p.r1cs", "q.zkey", "--seed", "k")
        self.assertIn("INSECURE", result.stderr)
        self.assertEqual(self.read("q.zkey"), self.read("p.zkey"))
        self.good("setup", "--insecure", "p.r1cs", "q.zkey")
        self.assertNotEqual(self.read("q.zkey"), self.read("p.zkey"))

    def test_inspect(self):
        names = ["p.zkey", "p.wtns", "p.r1cs", "proof.json", "public.json", "vk.json"]
        found = json.loads(self.good("inspect", "--json", *names))
        self.assertEqual([f["type"] for f in found],
                         ["zkey", "wtns", "r1cs", "proof", "public", "verification_key"])
        self.assertEqual(found[0]["constraints"], found[2]["constraints"])
        self.assertEqual(found[0]["variables"], found[1]["values"])
        self.assertFalse(found[0]["gamma_is_delta"])
        self.assertEqual(found[0]["contributions"], 0)
        self.assertIn("a test key", self.good("inspect", "p.zkey"))
        self.assertIn("constraints", self.good("inspect", *names))
        self.write("junk", b"{}")
        self.assertEqual(self.call("inspect", "p.wtns", "junk").returncode, 1)

    def test_devices_and_links_survive_results(self):
        self.good("prove", "p.zkey", "p.wtns", "/dev/null", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        (self.dir / "link.json").symlink_to("target.json")
        self.write("target.json", b"old")
        self.good("prove", "p.zkey", "p.wtns", "link.json", "lu.json")
        self.assertTrue((self.dir / "link.json").is_symlink())
        self.good("verify", "vk.json", "lu.json", "target.json")

    def test_two_results_in_one_file(self):
        for other in ("same.json", "./same.json", "../" + self.dir.name + "/same.json"):
            self.refused(2, "prove", "p.zkey", "p.wtns", "same.json", other, says="same.json")
        self.assertFalse((self.dir / "same.json").exists())

    def test_results_that_would_replace_an_input_or_each_other(self):
        for name in ("p.r1cs", "p.zkey", "p.wtns", "vk.json"):
            self.write("in." + name, self.read(name))
            (self.dir / ("to." + name)).symlink_to("in." + name)
        self.write("both", b"old")
        (self.dir / "to.both").symlink_to("both")
        before = {path.name: path.read_bytes() for path in self.dir.glob("in.*")}
        prove = ("prove", "in.p.zkey", "in.p.wtns")
        for args, named in ((("setup", "--insecure", "p.r1cs", "both", "--vkey", "to.both"), "both"),
                            (("setup", "--insecure", "in.p.r1cs", "in.p.r1cs"), "in.p.r1cs"),
                            (("setup", "--insecure", "in.p.r1cs", "x.zkey", "--vkey", "to.p.r1cs"), "to.p.r1cs"),
                            (("workload", "poseidon", "--r1cs", "both", "--wtns", "./both"), "both"),
                            ((*prove, "in.p.wtns", "x.json"), "in.p.wtns"), ((*prove, "x.json", "to.p.wtns"), "in.p.wtns"),
                            ((*prove, "in.p.zkey", "x.json"), "in.p.zkey"), ((*prove, "x.json", "to.p.zkey"), "in.p.zkey"),
                            (("prove", "to.p.zkey", "p.wtns", "in.p.zkey", "x.json"), "in.p.zkey"),
                            (("export", "verificationkey", "in.p.zkey", "./in.p.zkey"), "in.p.zkey"),
                            (("export", "solidity", "in.vk.json", "to.vk.json"), "in.vk.json"),
                            (("job", "submit", "--circuit", "c", "--witness", "in.p.wtns", "--reward", "1", "--wait",
                              "--key", "k", "--out-proof", "in.p.wtns"), "in.p.wtns"),
                            (("job", "proof", "0" * 32, "x.json", "in.vk.json", "--key", "in.vk.json"), "in.vk.json"),
                            (("job", "proof", "0" * 32, "both", "to.both", "--key", "k"), "both")):
            self.refused(2, *args, says=named)
        self.assertEqual({path.name: path.read_bytes() for path in self.dir.glob("in.*")}, before)
        self.assertEqual(self.read("both"), b"old")
        self.assertEqual([path.name for path in self.dir.glob("x.*")], [])

    def test_workload_of_nothing(self):
        self.assertIn("sha256 of size 0", self.good("workload", "sha256", "--size", "0"))
        for kind, most in (("poseidon", 65536), ("rollup", 750), ("sha256", 32768)):
            shown = self.good("workload", "--help")
            self.assertIn(f"to {most})", shown)
            self.assertNotIn("16777216", shown)
            self.refused(2, "workload", kind, "--size", most + 1, says=f"to {most}")
        self.refused(2, "workload", "poseidon", "--size", "0", says="want 1 to")
        self.refused(2, "workload", "poseidon", "--size", "-1")

    def test_peak_memory(self):
        self.good("workload", "poseidon", "--size", "130", "--r1cs", "m.r1cs", "--wtns", "m.wtns")
        self.good("setup", "--insecure", "m.r1cs", "m.zkey")
        out = json.loads(self.good("prove", "m.zkey", "m.wtns", "m.json", "mu.json", "--threads", "2", "--json"))
        if SANITIZED:
            self.skipTest("sanitizers take memory of their own")
        limit = (self.dir / "m.zkey").stat().st_size + 1000 * out["circuit"]["constraints"] + (32 << 20)
        self.assertLess(out["peak_rss_bytes"], limit)

    def test_out_of_memory(self):
        if SANITIZED:
            self.skipTest("sanitizers map memory of their own")
        self.good("workload", "poseidon", "--size", "68", "--r1cs", "o.r1cs", "--wtns", "o.wtns")
        self.good("setup", "--insecure", "o.r1cs", "o.zkey")
        # The largest limit, in megabytes, under which it fails: there it is proving that wants most.
        low, high = 16, 512
        failed = None
        while high - low > 1:
            middle = (low + high) // 2
            result = self.call("prove", "o.zkey", "o.wtns", "o.json", "ou.json", "--threads", "1",
                               limits=[(resource.RLIMIT_AS, middle << 20)])
            low, high = (low, middle) if result.returncode == 0 else (middle, high)
            failed = failed if result.returncode == 0 else result
        self.assertEqual(failed.returncode, 1, failed)
        self.assertIn("error: out of memory while proving o.zkey (domain 2^15), which takes ", failed.stderr)

    def test_threads_that_the_system_refuses(self):
        if SANITIZED:
            self.skipTest("sanitizers map memory of their own")
        # Room for the stacks of three or fewer.
        limits = [(resource.RLIMIT_STACK, 256 << 20), (resource.RLIMIT_AS, 1 << 30)]
        for args in (("prove", "p.zkey", "p.wtns", "t.json", "tu.json"), ("bench", "groth16", "--size", "11", "--repeat", "1"),
                     ("bench", "field", "--runs", "1")):
            result = self.call(*args, "--threads", "16", "--json", limits=limits)
            self.assertEqual(result.returncode, 0, result)
            threads = json.loads(result.stdout)["threads"]
            self.assertLess(threads, 5)
            self.assertIn(f"the system allows {threads} of 16 threads", result.stderr)

    def test_results_that_cannot_be_written(self):
        (self.dir / "folder").mkdir()
        for bad in ("no/folder/p.json", "folder", "/proc/p.json"):
            # Before the inputs are looked at, and by the name that was given.
            for args in (("prove", "absent", "absent", bad, "unwritten.json"), ("prove", "absent", "absent", "unwritten.json", bad),
                         ("setup", "--insecure", "absent", bad), ("setup", "--insecure", "absent", "unwritten", "--vkey", bad),
                         ("export", "verificationkey", "absent", bad), ("export", "solidity", "absent", bad),
                         ("workload", "rollup", "--size", "700", "--r1cs", bad), ("workload", "rollup", "--size", "700", "--wtns", bad)):
                result = self.call(*args)
                self.assertEqual(result.returncode, 1, result)
                self.assertIn(f"error: {bad}: ", result.stderr)
                self.assertNotIn(".tmp.", result.stderr)
        self.assertEqual(sorted(p.name for p in self.dir.glob("unwritten*")), [])
        with open("/dev/full", "w") as full:
            result = subprocess.run([PROGRAM, "version"], stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(result.returncode, 1)

    def test_keys(self):
        public = self.good("key", "gen", "me.key")
        self.assertEqual(self.good("key", "show", "me.key"), public)
        self.assertEqual(len(public.strip()), 64)
        self.assertEqual((self.dir / "me.key").stat().st_mode & 0o777, 0o600)
        self.refused(1, "key", "gen", "me.key")
        self.refused(1, "key", "show", "p.zkey", says="p.zkey: not a prooflode key")
        self.refused(1, "key", "show", ".", says=".: not a regular file")

    def test_arguments_of_a_market(self):
        submit = ("job", "submit", "--circuit", "c", "--witness", "p.wtns", "--reward")
        for bad in ("-1", "", "1,5", "x", "1.", "99999999999999999999"):
            self.refused(2, *submit, bad, says="--reward: amount")
            self.refused(2, "account", "withdraw", "--reference", "r", "--", bad, says="AMOUNT: amount")
        for bad in ("5", "0s", "-5s", "5d", "9999999h"):
            self.refused(2, *submit, "1", "--deadline", bad, says="--deadline: duration")
            self.refused(2, *submit, "1", "--policy", "lease", "--lease", bad, says="--lease: duration")
        for command in (("show",), ("watch",), ("cancel",), ("proof", "a.json", "b.json")):
            self.refused(2, "job", command[0], "zz", *command[1:], says='JOB: job "zz": want 32 hexadecimal digits')
        self.refused(2, "job", "ls", "--limit", "0", says="--limit")
        self.refused(2, "account", "deposit", "zz", "1", "--reference", "r", says='OWNER: key "zz"')
        self.refused(2, "account", "withdraw", "1", "--reference", "é", says="printable")
        self.refused(2, "account", "show", "--operator", "--owner", "zz", says='--owner: key "zz"')
        self.refused(2, "account", "show", "--coordinator-key", "zz", says='--coordinator-key: key "zz"')

    def test_settings_of_a_market(self):
        home = self.dir / "home"
        places = [home / "xdg", home / ".config"]
        show = ("account", "show")
        def refused(code, *flags, says, **variables):
            # Nothing answers on port 1: unreachable means that everything before was right.
            self.refused(code, *show, *flags, says=says, env={"HOME": str(home), "XDG_CONFIG_HOME": str(home / "xdg"), **variables})
        refused(78, says="PROOFLODE_KEY")
        self.good("key", "gen", "settings.key")
        key = str(self.dir / "settings.key")
        for place in reversed(places):  # the first that exists
            (place / "prooflode").mkdir(parents=True)
            (place / "prooflode" / "prooflode.toml").write_text(f'# mine\nkey = "{place}.key"\n')
            refused(78, says=f"{place}.key: ")
        refused(78, says="variable.key: ", PROOFLODE_KEY="variable.key")
        refused(78, "--key", "flag.key", says="flag.key: ", PROOFLODE_KEY="variable.key")
        given = self.dir / "given.toml"
        given.write_text(f'coordinator = "http://192.0.2.1:1"\nkey = "{key}"\n')
        refused(78, "--config", str(given), says="192.0.2.1")
        refused(78, "--config", str(given), says="no https:// or http:// in front", PROOFLODE_COORDINATOR="nowhere")
        for text, says in ((f'key = "{key}"\nkoordinator = "x"\n', ":2: unknown setting koordinator; did you mean coordinator?"),
                           ('coordinator_key = "zz"\n', ':1: coordinator_key is "zz", want 64 hexadecimal digits'),
                           ('insecure = "yes"\n', ":1: insecure is of the wrong type"), ("key = \n", "given.toml:1: ")):
            given.write_text(text)
            refused(78, "--config", str(given), says=says)
        refused(78, "--config", "none.toml", says="none.toml: ")

    def test_help_and_version(self):
        self.assertIn("Exit codes", self.good("--help"))
        for command in ("prove", "verify", "inspect", "setup", "workload"):
            self.assertIn("Example", self.good(command, "--help"), command)
        self.assertTrue(self.good("version").startswith("prooflode "))
        self.assertIn("version", json.loads(self.good("version", "--json")))


if __name__ == "__main__":
    unittest.main()
