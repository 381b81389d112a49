"""``true`` on 100 hosts: opsdash over the connections that it has, clush, and ansible's raw.

CPU of the whole client, children included, and wall time. Each tool has the connections that it
keeps: clush none, ansible the masters of its first call (ControlPersist), which is not counted. All
use the server's key exchange and cipher. The peers are clustershell and ansible-core.
"""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bench.connecting import cost_of
from tests.bench.many_hosts import ManyHosts, many_hosts

HOSTS, RUNS, AT_A_TIME = 100, 3, 64


def _ours(hosts: ManyHosts) -> dict[str, float]:
    """The median run."""
    script = str(Path(__file__).parent / "run_on_all.py")
    argv = [sys.executable, script, str(hosts.hosts_file), str(RUNS)]
    runs = json.loads(subprocess.check_output(argv))
    return {
        f"opsdash, {name} (s)": sorted(one[key] for one in runs)[RUNS // 2]
        for name, key in (("CPU", "cpu"), ("wall", "wall"))
    }


def _options(hosts: ManyHosts) -> str:
    return f"-F {hosts.write_ssh_config()}"


def _clush(hosts: ManyHosts, peers: str) -> list[str]:
    nodes = ",".join(hosts.addresses.values())
    argv = [f"{peers}/clush", "-f", str(AT_A_TIME), "-q", "-o", _options(hosts)]
    return [*argv, "-w", nodes, "true"]


def _ansible(hosts: ManyHosts, peers: str) -> list[str]:
    inventory = hosts.folder / "inventory"
    inventory.write_text("".join(f"{one}\n" for one in hosts.addresses.values()))
    persist = "-o ControlMaster=auto -o ControlPersist=120s"
    return [
        *(f"{peers}/ansible", "all", "-i", str(inventory), "-f", str(AT_A_TIME), "-m", "raw"),
        *("-a", "true", "--ssh-common-args", f"{_options(hosts)} {persist}"),
        *("-u", getpass.getuser()),
    ]


def _end_masters(hosts: ManyHosts) -> None:
    """The masters that ansible left would live on for their time."""
    folder = Path(os.environ["ANSIBLE_SSH_CONTROL_PATH_DIR"])
    for socket in folder.glob("*"):
        argv = ["ssh", "-F", "none", "-o", f"ControlPath={socket}", "-O", "exit", "x"]
        subprocess.run(argv, check=False, capture_output=True)


def _peers(hosts: ManyHosts) -> dict[str, float]:
    peers = os.environ.get("OPSDASH_BENCH_PEERS", "")
    if not peers:
        return {}
    os.environ["ANSIBLE_SSH_CONTROL_PATH_DIR"] = str(hosts.folder / "cp")
    figures: dict[str, float] = {}
    ansible = _ansible(hosts, peers)
    try:
        cold, warm = cost_of(ansible), cost_of(ansible)
    finally:
        _end_masters(hosts)
    told = {"clush": cost_of(_clush(hosts, peers)), "ansible": warm, "ansible, first call": cold}
    for name, (cpu_s, wall_s, _) in told.items():
        figures |= {f"{name}, CPU (s)": cpu_s, f"{name}, wall (s)": wall_s}
    return figures


def run() -> dict[str, float]:
    """Seconds, and ratios."""
    with many_hosts(HOSTS) as hosts:
        figures = _ours(hosts) | _peers(hosts)
    for peer in ("clush", "ansible"):
        for what in ("CPU", "wall"):
            if theirs := figures.get(f"{peer}, {what} (s)"):
                figures[f"opsdash / {peer}, {what}"] = figures[f"opsdash, {what} (s)"] / theirs
    return figures
