#!/usr/bin/env python3
"""What `prooflode-miner` says and how it exits, without a coordinator. Usage: program_test.py PROGRAM [unittest arguments]"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
USAGE, NO_DEVICE, BAD_CONFIGURATION = 2, 3, 78


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="prooflode-miner-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def call(self, *arguments, **variables):
        # None of the caller's settings.
        environment = {"HOME": str(self.dir), "PATH": os.environ["PATH"], **variables}
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, env=environment)

    def refused(self, code, *arguments, says, **variables):
        done = self.call(*arguments, **variables)
        self.assertEqual(done.returncode, code, done)
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")

    def make_certificate(self, name):
        cert, key = self.dir / f"{name}.pem", self.dir / f"{name}.key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
        return cert, key

    def test_unknown_commands(self):
        commands = "the commands of prooflode-miner are run, selftest, status, drain, config, version"
        self.refused(USAGE, says=commands)
        self.refused(USAGE, "mine", says=commands)
        self.refused(USAGE, "stauts", says="did you mean status instead of stauts?")
        self.refused(USAGE, "config", says="the commands of prooflode-miner config are check, print")
        self.refused(USAGE, "config", says="see `prooflode-miner config --help`")

    def test_version(self):
        flag, command = self.call("--version"), self.call("version")
        self.assertEqual((flag.returncode, flag.stdout), (0, command.stdout), flag)
        self.assertTrue(flag.stdout.startswith("prooflode-miner "), flag)

    def test_devices_that_are_not_there(self):
        for device in ("cuda:0", "opencl:1", "pci:0000:01:00.0"):
            for command in ("run", "selftest"):
                self.refused(NO_DEVICE, command, "--device", device, says=f"--device: no device {device}")
            self.refused(NO_DEVICE, "run", f"--device-kind={device}", says=f"--device-kind: no device {device}")
            self.refused(NO_DEVICE, "run", says="it has cpu", PROOFLODE_DEVICE_KIND=device)
        self.assertFalse((self.dir / ".prooflode-miner").exists())
        self.refused(USAGE, "run", "--device", "cuda:x", says='--device: device.kind is "cuda:x", want auto, cpu, cuda:N')
        self.refused(BAD_CONFIGURATION, "run", says="PROOFLODE_DEVICE_KIND", PROOFLODE_DEVICE_KIND="gpu")

    def start(self, *flags, says="no session with", **variables):
        """A miner without a coordinator, once it has said that."""
        environment = {"HOME": str(self.dir), "PATH": os.environ["PATH"], **variables}
        miner = subprocess.Popen([PROGRAM, "run", "--coordinator", "http://127.0.0.1:1", "--http", "", "--threads", "1", *flags],
                                 stderr=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(miner.stderr.close)
        self.addCleanup(miner.wait)
        self.addCleanup(miner.kill)
        self.read_until(miner, says)
        return miner

    def read_until(self, miner, text):
        for line in miner.stderr:
            if text in line:
                return
        self.fail(f"the miner ended before it said {text}")

    def test_signals_after_the_drain_change_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            miner = self.start()
            miner.send_signal(number)
            self.read_until(miner, "won 0, lost 0")  # drained
            while miner.poll() is None:
                miner.send_signal(number)
                try:
                    miner.wait(0.01)
                except subprocess.TimeoutExpired:
                    pass
            self.assertEqual(miner.returncode, 0)
            self.read_until(miner, "stopped")

    def test_the_start_says_whose_key_and_data_these_are(self):
        key = self.dir / "mine.key"
        self.start(says=f"{key} (PROOFLODE_KEY)", PROOFLODE_KEY=str(key))
        self.start("--key", str(key), "--data", str(self.dir / "other"), says=f"{key} (--key)", PROOFLODE_KEY="unused")
        self.start("--data", str(self.dir / "third"), says=f"{self.dir}/third (--data)")

    def test_two_signals_at_once_are_one_wish(self):
        miner = self.start()
        miner.send_signal(signal.SIGTERM)
        miner.send_signal(signal.SIGINT)
        self.read_until(miner, "won 0, lost 0")
        self.assertEqual(miner.wait(10), 0)

    def test_booleans_need_no_value(self):
        for flags, wanted in ((["--insecure"], "insecure = true"), (["--insecure", "--mirrors-enabled=false"], "enabled = false"),
                              (["--insecure", "false"], "insecure = false")):
            printed = self.call("config", "print", *flags)
            self.assertEqual(printed.returncode, 0, printed)
            self.assertIn(wanted, printed.stdout)

    def test_values_that_no_setting_can_have(self):
        self.refused(USAGE, "run", "--threads", "many", says='--threads: device.threads is "many"')
        self.refused(BAD_CONFIGURATION, "run", says="PROOFLODE_DEVICE_THREADS", PROOFLODE_DEVICE_THREADS="many")

    def test_mistyped_flags(self):
        self.refused(USAGE, "run", "--coordinater", "http://127.0.0.1:1", says="did you mean --coordinator instead of --coordinater?")
        self.refused(USAGE, "run", "--thread=2", says="did you mean --threads")
        self.refused(USAGE, "drain", "--dat", "x", says="did you mean --data")

    def test_help_of_run_lists_the_settings(self):
        shown = self.call("run", "--help")
        self.assertEqual(shown.returncode, 0, shown)
        printed = self.call("config", "print", "--coordinator", "http://127.0.0.1:1")
        self.assertEqual(printed.returncode, 0, printed)
        group, names = "", []
        for line in printed.stdout.splitlines():
            if line.startswith("["):
                group = line.strip("[]") + "."
            elif "=" in line and not line.startswith("#"):
                names.append(group + line.split("=")[0].strip())
        self.assertIn("work.stop_timeout_s", names)
        for name in names:
            self.assertIn("--" + name.replace(".", "-").replace("_", "-"), shown.stdout)
            self.assertIn("PROOFLODE_" + name.replace(".", "_").upper(), shown.stdout.replace("\n", ""))

    def test_config_check_reads_the_url(self):
        for url in ("https://pool.example.org:7443", "http://127.0.0.1:7443"):
            done = self.call("config", "check", "--coordinator", url)
            self.assertEqual((done.returncode, done.stdout), (0, "configuration ok\n"), done)
        for url, problem in (("pool.example.org:7443", "no https:// or http:// in front"), ("https://pool.example.org", "no port"),
                             ("http://pool.example.org:7443", "in the clear")):
            self.refused(BAD_CONFIGURATION, "config", "check", "--coordinator", url, says=problem)
            self.refused(BAD_CONFIGURATION, "config", "check", says=problem, PROOFLODE_COORDINATOR=url)
        done = self.call("config", "check", "--coordinator", "http://pool.example.org:7443", "--insecure", "true")
        self.assertEqual(done.returncode, 0, done)

    def test_config_check_reads_the_certificates(self):
        cert, key = self.make_certificate("miner")
        _, strange_key = self.make_certificate("strange")
        broken = self.dir / "broken.pem"
        broken.write_text(cert.read_text()[:100])
        check = ["config", "check", "--coordinator", "https://pool.example.org:7443"]
        done = self.call(*check, "--ca-file", cert, "--client-cert-file", cert, "--client-key-file", key)
        self.assertEqual(done.returncode, 0, done)
        for flags, problem in ((["--ca-file", broken], broken), (["--ca-file", self.dir / "none.pem"], "none.pem"),
                            (["--client-cert-file", cert], "go together"), (["--client-key-file", key], "go together"),
                            (["--client-cert-file", cert, "--client-key-file", strange_key], strange_key),
                            (["--client-cert-file", key, "--client-key-file", key], key)):
            self.refused(BAD_CONFIGURATION, *check, *flags, says=str(problem))
        self.refused(BAD_CONFIGURATION, "config", "check", "--coordinator", "http://127.0.0.1:1", "--ca-file", cert, says="is for https")


if __name__ == "__main__":
    unittest.main()
