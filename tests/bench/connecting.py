"""Connecting to 100 hosts: opsdash to a first sample, parallel-ssh and clush to ``true``.

CPU of the whole client, interpreter and children included, and wall time. The dead hosts take a
connection and never answer it, as a host does that is gone. All tools use the server's key exchange
and cipher.
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.bench.many_hosts import ManyHosts, many_hosts

HOSTS, DEAD = 100, 10
BY_PARALLEL_SSH = """
import sys
from pssh.clients import ParallelSSHClient
user, port, key, *hosts = sys.argv[1:]
client = ParallelSSHClient(hosts, user=user, port=int(port), pkey=key, pool_size=64)
client.join(client.run_command("true"))
"""


def cost_of(argv: list[str]) -> tuple[float, float, str]:
    """CPU and wall seconds of a command, and what it said."""
    began, before = time.monotonic(), os.times()
    done = subprocess.run(argv, check=False, capture_output=True)
    after = os.times()
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    return cpu_s, time.monotonic() - began, done.stdout.decode()


@contextmanager
def _dead_address() -> Iterator[int]:
    """A port that takes no connection and refuses none, as nobody does."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield int(full.getsockname()[1])


def _with_dead(hosts: ManyHosts, port: int) -> Path:
    """The hosts file of the same hosts, with some dead ones before them."""
    lines = hosts.hosts_file.read_text().splitlines()
    at = lines.index("hosts:") + 1
    dead = [f"  dead{i}: {{address: 127.0.0.1, port: {port}}}" for i in range(DEAD)]
    path = replace(hosts).folder / "with_dead.yaml"
    path.write_text("\n".join(lines[:at] + dead + lines[at:]) + "\n")
    path.chmod(0o600)
    return path


def _peers(hosts: ManyHosts) -> dict[str, float]:
    peers = os.environ.get("OPSDASH_BENCH_PEERS", "")
    if not peers:
        return {}
    user, addresses = getpass.getuser(), list(hosts.addresses.values())
    pssh = [f"{peers}/python", "-c", BY_PARALLEL_SSH, user, str(hosts.port), str(hosts.key)]
    config = hosts.write_ssh_config()
    clush = [f"{peers}/clush", "-f", "64", "-q", "-o", f"-F {config}", "-w", ",".join(addresses)]
    figures: dict[str, float] = {}
    for name, argv in (("parallel-ssh", [*pssh, *addresses]), ("clush", [*clush, "true"])):
        cpu_s, wall_s, _ = cost_of(argv)
        figures[f"{name}, CPU (s)"], figures[f"{name}, wall (s)"] = cpu_s, wall_s
    return figures


def run() -> dict[str, float]:
    """Seconds, and ratios."""
    with many_hosts(HOSTS) as hosts, _dead_address() as port:
        ours = [sys.executable, str(Path(__file__).parent / "first_samples.py")]
        cpu_s, wall_s, alone = cost_of([*ours, str(hosts.hosts_file)])
        figures = {"opsdash, CPU (s)": cpu_s, "opsdash, wall (s)": wall_s}
        figures |= _peers(hosts)
        _, _, beside = cost_of([*ours, str(_with_dead(hosts, port))])
        figures["last first sample (s)"] = float(alone)
        figures[f"the same beside {DEAD} dead hosts (s)"] = float(beside)
    for peer in ("parallel-ssh", "clush"):
        for what in ("CPU", "wall"):
            theirs = figures.get(f"{peer}, {what} (s)")
            if theirs:
                figures[f"opsdash / {peer}, {what}"] = figures[f"opsdash, {what} (s)"] / theirs
    return figures
