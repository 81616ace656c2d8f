#!/usr/bin/env python3
"""A coordinator that wants client certificates: a miner and the market commands get in with one, and say what is wrong without.

Usage: mtls_e2e.py BUILD_DIR
"""
import concurrent.futures
import subprocess
import sys

from harness import World, wait_until

UNREACHABLE, BAD_CONFIGURATION = 6, 78


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(world, name):
    key, cert = world.dir / f"{name}.key.pem", world.dir / f"{name}.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name}",
            "-keyout", key, "-out", cert)
    return cert


def make_certificate(world, name, authority):
    key, request, cert = (world.dir / f"{name}{end}" for end in (".key.pem", ".csr", ".pem"))
    extensions = world.dir / "extensions"
    extensions.write_text("subjectAltName = IP:127.0.0.1\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
            "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority.with_suffix(".key.pem"), "-CAcreateserial", "-days",
            "1", "-extfile", extensions, "-out", cert)
    return cert


def variables(ca, cert):
    return {"PROOFLODE_CA_FILE": str(ca), "PROOFLODE_CLIENT_CERT_FILE": str(cert),
            "PROOFLODE_CLIENT_KEY_FILE": str(cert.with_suffix(".key.pem"))}


def main():
    with World(sys.argv[1], "mtls") as world:
        ca, strangers = make_authority(world, "ca"), make_authority(world, "strangers")
        server, client, strange = (make_certificate(world, *pair) for pair in
                                   (("server", ca), ("client", ca), ("strange", strangers)))
        world.url = f"https://127.0.0.1:{world.port}"
        world.start_coordinator("--set", f"tls.cert_file={server}", "--set", f"tls.key_file={server.with_suffix('.key.pem')}",
                                "--set", f"tls.client_ca_file={ca}")
        show = ["account", "show", "--coordinator", world.url, "--key", world.key_file("requester"), "--json"]
        with_client = ["--client-cert-file", client, "--client-key-file", client.with_suffix(".key.pem")]

        # Flags; what is wrong with them is found here, or by the server, which serves good ones all the same.
        unreachable = (["--ca-file", ca],
                       with_client,  # the system's roots do not know the server
                       ["--ca-file", ca, "--client-cert-file", strange, "--client-key-file", strange.with_suffix(".key.pem")])
        with concurrent.futures.ThreadPoolExecutor(len(unreachable)) as callers:  # each tries for a while
            for call in [callers.submit(world.run, *show, *flags, expect=UNREACHABLE) for flags in unreachable]:
                call.result()
        world.run(*show, "--ca-file", ca, "--client-cert-file", client, expect=BAD_CONFIGURATION)
        world.run(*show, "--ca-file", ca, "--client-cert-file", strange, *with_client[2:], expect=BAD_CONFIGURATION)
        world.run(*show, "--ca-file", ca, *with_client)

        # Variables.
        world.environment = variables(ca, client)
        world.ask("operator", "account", "deposit", world.key("requester"), "10", "--reference", "r")
        r1cs, zkey, witness = (world.dir / f"c.{kind}" for kind in ("r1cs", "zkey", "wtns"))
        world.run("workload", "poseidon", "--size", 2, "--r1cs", r1cs, "--wtns", witness)
        world.run("setup", "--insecure", r1cs, zkey)
        world.ask("requester", "circuit", "add", zkey, "--name", "c")
        world.start_miner("miner")
        job = world.ask("requester", "job", "submit", "--circuit", "c", "--witness", witness, "--reward", 10)["job_id"]
        wait_until("the job is won", lambda: world.ask("requester", "job", "show", job)["state"] == "won", 60)
        assert world.stop("miner") == 0
        print("ok: one job over mTLS")


if __name__ == "__main__":
    main()
