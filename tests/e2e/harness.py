"""Real processes for end-to-end tests: a coordinator, miners and the command line, on loopback, in a folder of their own."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, condition, limit_s):
    """Polls until condition() is true; fails with `what` when it takes longer than limit_s."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {limit_s} s")


def armed_with(failpoint):
    return {"PROOFLODE_FAILPOINT": failpoint} if failpoint else None


class World:
    """One market. Use as a context manager: everything is stopped at the end, and logs are shown when a test failed."""

    def __init__(self, build_dir, name):
        self.bin = pathlib.Path(build_dir).resolve() / "bin"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"prooflode-{name}-"))
        self.port, self.http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {}  # of every process started here
        self.settings = ""  # more of the coordinator's, before it starts
        self.coordinator_keys = []  # files, once there was more than the first
        self.processes = {}
        self.log_files = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for name in list(self.processes):
            self.stop(name, signal.SIGKILL if kind else signal.SIGTERM)
        if kind:
            for log in sorted(self.dir.glob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        for log in self.log_files.values():
            log.close()
        if not kind:
            subprocess.run(["rm", "-rf", str(self.dir)], check=False)

    # -- processes ---------------------------------------------------------------------------------------------------
    def start(self, name, *command, env=None):
        if name not in self.log_files:
            self.log_files[name] = open(self.dir / f"{name}.log", "ab")
        log = self.log_files[name]
        self.processes[name] = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                                env={**os.environ, **self.environment, **(env or {})}, start_new_session=True)

    def stop(self, name, how=signal.SIGTERM, limit_s=30):
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError(f"{name}: did not end within {limit_s} s of signal {how}")

    def start_coordinator(self, *flags, failpoint=None):
        """With a failpoint (base/failpoint.h) it may be dead already when this returns."""
        self.start("coordinator", self.bin / "prooflode-coordinator", "run", "--config", self.config(), *flags, env=armed_with(failpoint))
        self.wait_for_health("coordinator", self.http_port)

    def config(self):
        path = self.dir / "coordinator.toml"
        if not path.exists():
            operator = self.key("operator")
            path.write_text(f'data = "{self.dir}/coordinator"\nlisten = "127.0.0.1:{self.port}"\n'
                            f'http = "127.0.0.1:{self.http_port}"\noperators = ["{operator}"]\n[asset]\ndecimals = 0\n{self.settings}')
        return path

    def hand_over(self):
        """A new key for the coordinator, which must be down: its next start hands the log over to it."""
        keys = self.coordinator_keys or [self.dir / "coordinator" / "coordinator.key"]
        new = self.dir / f"coordinator{len(keys)}.key"
        self.run("key", "gen", new)
        self.coordinator_keys = [*keys, new]
        settings = [line for line in self.config().read_text().splitlines(keepends=True) if "key_file = " not in line]
        self.config().write_text(f'key_file = "{new}"\nretiring_key_file = "{keys[-1]}"\n' + "".join(settings))

    def check_log(self):
        """Replays the coordinator's log beside it and compares with its rows; gives what was counted."""
        done = subprocess.run([str(self.bin / "prooflode-coordinator"), "check", "--config", str(self.config()), "--json"],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"check: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def start_miner(self, name, *flags, failpoint=None):
        port = free_port()
        self.start(name, self.bin / "prooflode-miner", "run", "--coordinator", self.url, "--key", self.key_file(name),
                   "--data", self.dir / name, "--http", f"127.0.0.1:{port}", *flags, env=armed_with(failpoint))
        self.wait_for_health(name, port)
        return port

    def wait_for_health(self, name, port):
        process = self.processes[name]
        wait_until(f"{name} answers /healthz",
                   lambda: self.get(port, "/healthz") is not None or process.poll() == -signal.SIGKILL, 30)

    def is_running(self, name):
        return name in self.processes and self.processes[name].poll() is None

    # -- the command line --------------------------------------------------------------------------------------------
    def run(self, *arguments, expect=0, limit_s=300):
        """Runs `prooflode` and returns its standard output."""
        done = subprocess.run([str(self.bin / "prooflode"), *map(str, arguments)], capture_output=True, text=True,
                              timeout=limit_s, env={**os.environ, **self.environment})
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"prooflode {' '.join(map(str, arguments))}: exit {done.returncode}, want {expect}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, who, *arguments, expect=0, limit_s=300):
        """A market command as `who`, with its JSON answer."""
        out = self.run(*arguments, "--coordinator", self.url, "--key", self.key_file(who), "--json", expect=expect,
                       limit_s=limit_s)
        return json.loads(out) if expect == 0 else None

    def key_file(self, who):
        path = self.dir / f"{who}.key"
        if not path.exists():
            self.run("key", "gen", path)
        return path

    def key(self, who):
        return json.loads(self.run("key", "show", self.key_file(who), "--json"))["public_key"]

    # -- looking -----------------------------------------------------------------------------------------------------
    @staticmethod
    def get(port, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None
