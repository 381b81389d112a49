"""What a pulse costs here: client CPU per sample, for N real sshd hosts.

    python tests/bench/pulse_cost.py HOSTS.yaml [--seconds 30] [--engine] [--interval 2]

Without ``--engine`` the transport alone is measured (bytes in, readings out); with it the whole
engine: state, judge, facts. It is CPU time of this process; connecting does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
import tempfile
import time
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from opsdash.config.hosts import load_fleet
from opsdash.core.discover import collectors
from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.plugin import Tier
from opsdash.core.snapshot import LinkState
from opsdash.engine.session import Session, Surroundings
from opsdash.transport.ssh.transport import SshTransport

PULSE = [c for c in collectors().values() if c.tier is Tier.PULSE]


def cpu_s() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_mb() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def transport_alone(fleet: Fleet, seconds: float) -> tuple[int, int, float]:
    """Hosts that were up, samples, and CPU seconds of the measured time."""
    transport = SshTransport(fleet.hosts, Path(tempfile.mkdtemp()) / "known_hosts")
    samples = 0
    ready = 0
    measuring = asyncio.Event()

    async def follow(host: Host) -> None:
        nonlocal samples, ready
        try:
            connection = await transport.connect(host)
        except HostError as error:
            print(f"{host.name}: {error}", file=sys.stderr)
            return
        async with aclosing(connection.pulse(PULSE, host.interval_s)) as beats:
            ready += 1
            async for _ in beats:
                if measuring.is_set():
                    samples += 1

    tasks = [asyncio.create_task(follow(host)) for host in fleet.hosts.values()]
    began = time.monotonic()
    while ready < len(tasks) and time.monotonic() - began < 120:
        await asyncio.sleep(0.5)
    await asyncio.sleep(3)
    measuring.set()
    before = cpu_s()
    await asyncio.sleep(seconds)
    used = cpu_s() - before
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await transport.close()
    return ready, samples, used


async def whole_engine(fleet: Fleet, seconds: float) -> tuple[int, int, float]:
    """The same with state, judge, facts and store."""
    surroundings = Surroundings(Path(tempfile.mkdtemp()))
    async with Session(fleet, surroundings) as session:

        def up() -> int:
            hosts = session.snapshot().hosts.values()
            return sum(state.link.state is LinkState.UP for state in hosts)

        began = time.monotonic()
        while up() < len(fleet.hosts) and time.monotonic() - began < 180:
            await asyncio.sleep(0.5)
        await asyncio.sleep(5)
        before, ready = cpu_s(), up()
        await asyncio.sleep(seconds)
        used = cpu_s() - before
    interval_s = next(iter(fleet.hosts.values())).interval_s
    return ready, round(ready * seconds / interval_s), used


def main() -> None:
    """Measure and print one line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("hosts", type=Path)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--interval", type=int, default=2)
    arguments.add_argument("--engine", action="store_true")
    asked = arguments.parse_args()
    fleet = load_fleet(asked.hosts)
    hosts = {n: replace(h, interval_s=asked.interval) for n, h in fleet.hosts.items()}
    fleet = replace(fleet, hosts=MappingProxyType(hosts))
    measure = whole_engine if asked.engine else transport_alone
    ready, samples, used = asyncio.run(measure(fleet, asked.seconds))
    print(
        f"{'engine' if asked.engine else 'transport'}: {ready} hosts, {samples} samples in "
        f"{asked.seconds:.0f} s, {1000 * used / max(1, samples):.3f} ms/sample, "
        f"{100 * used / asked.seconds:.1f} % of a core, {rss_mb():.0f} MB, "
        f"load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
