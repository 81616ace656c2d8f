#!/usr/bin/env python3
"""A real Prometheus scrapes a coordinator and a miner that have proven a job; promtool finds nothing to say about either page.

Usage: prometheus_e2e.py BUILD_DIR
"""
import json
import subprocess
import sys
import urllib.parse

from harness import World, free_port, wait_until
from market_e2e import make_circuit


def query(world, port, expression):
    text = world.get(port, "/api/v1/query?query=" + urllib.parse.quote(expression))
    return json.loads(text)["data"]["result"] if text else []


def lint(page):
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def main():
    with World(sys.argv[1], "prometheus") as world:
        zkey, witnesses = make_circuit(world, 1)
        world.start_coordinator()
        world.ask("operator", "account", "deposit", world.key("requester"), 100, "--reference", "e2e")
        world.ask("requester", "circuit", "add", zkey, "--name", "chain")
        miner_port = world.start_miner("miner1", "--threads", 1)
        world.ask("requester", "job", "submit", "--circuit", "chain", "--witness", witnesses[0], "--reward", 10, "--wait")
        lint(world.get(world.http_port, "/metrics"))
        lint(world.get(miner_port, "/metrics"))

        port = free_port()
        config = world.dir / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s}\nscrape_configs:\n"
                          f"- {{job_name: coordinator, static_configs: [{{targets: ['127.0.0.1:{world.http_port}']}}]}}\n"
                          f"- {{job_name: miner, static_configs: [{{targets: ['127.0.0.1:{miner_port}']}}]}}\n")
        world.start("prometheus", "prometheus", f"--config.file={config}", f"--storage.tsdb.path={world.dir}/tsdb",
                    f"--web.listen-address=127.0.0.1:{port}")
        wait_until("both targets are up", lambda: len(query(world, port, "up == 1")) == 2, 60)
        for expression in ('prooflode_coordinator_jobs_total{outcome="proved"} == 1', 'prooflode_miner_attempts_total{result="won"} == 1',
                           "prooflode_miner_rewards_units_total == 10"):
            wait_until(expression, lambda e=expression: len(query(world, port, e)) == 1, 30)
        print("prometheus scraped both; promtool is content")


if __name__ == "__main__":
    main()
