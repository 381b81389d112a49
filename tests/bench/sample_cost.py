"""What a sample costs here with 100 hosts, and what ssh itself takes for the same stream.

The hosts are one real OpenSSH server; every figure is CPU of the client alone. The same loop is run
through 100 ``ssh`` processes, which read the same stream by the same cipher.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from opsdash.core.discover import collectors
from opsdash.core.plugin import Tier
from opsdash.transport.frames import BOOT, GRANT, end_mark, pulse_files, pulse_script
from tests.bench.many_hosts import ManyHosts, many_hosts

HOSTS = 100
SECONDS = 15
INTERVAL_S = 2
NONCE = "0badcafe"


def cost_of(hosts: ManyHosts, kind: str, seconds: float) -> dict[str, float]:
    """What pulse_cost.py finds out about hosts."""
    argv = [sys.executable, str(Path(__file__).parent / "pulse_cost.py"), str(hosts.hosts_file)]
    argv += [kind, "--seconds", str(seconds)]
    figures: dict[str, float] = json.loads(subprocess.check_output(argv))
    return figures


async def _follow(process: Process, counted: list[int]) -> None:
    """Ask for the pulse of one ssh process, as opsdash does, and count the samples."""
    files = pulse_files(one for one in collectors().values() if one.tier is Tier.PULSE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(pulse_script(files, NONCE, INTERVAL_S))
    while True:
        process.stdin.write(f"{GRANT}\n".encode())
        for _ in range(GRANT):
            await process.stdout.readuntil(end_mark(NONCE))
            counted.append(1)
        await asyncio.sleep(INTERVAL_S)


def _spent_s(processes: list[Process]) -> float:
    """CPU seconds of these processes so far."""
    spent = [Path(f"/proc/{one.pid}/schedstat").read_text().split()[0] for one in processes]
    return sum(map(int, spent)) / 1e9


async def _by_ssh(hosts: ManyHosts) -> float:
    """Milliseconds of CPU per sample of plain ssh processes."""
    options = ["-F", "none", "-T", "-p", str(hosts.port), "-i", str(hosts.key)]
    options += ["-o", f"UserKnownHostsFile={hosts.known_hosts}", "-o", "BatchMode=yes"]
    processes = []
    for address in hosts.addresses.values():
        argv = ["ssh", *options, f"{getpass.getuser()}@{address}", BOOT]
        processes.append(await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE))
        await asyncio.sleep(0.05)
    counted: list[int] = []
    tasks = [asyncio.create_task(_follow(one, counted)) for one in processes]
    await asyncio.sleep(8)
    before, first = _spent_s(processes), len(counted)
    await asyncio.sleep(SECONDS)
    spent_s, samples = _spent_s(processes) - before, len(counted) - first
    for task in tasks:
        task.cancel()
    for one in processes:
        one.kill()
        await one.wait()
    return 1000 * spent_s / samples


def run() -> dict[str, float]:
    """Milliseconds of CPU per sample, and ratios of them."""
    with many_hosts(HOSTS) as hosts:
        ours = {kind: cost_of(hosts, kind, SECONDS) for kind in ("transport", "steady")}
        ssh_ms = asyncio.run(_by_ssh(hosts))
    figures = {f"{kind} (ms/sample)": each["ms_per_sample"] for kind, each in ours.items()}
    figures["ssh (ms/sample)"] = ssh_ms
    for kind, each in ours.items():
        figures[f"{kind} / ssh"] = each["ms_per_sample"] / ssh_ms
    return figures
