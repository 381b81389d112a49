"""What a pulse costs here: client CPU per sample, in a process of its own, for a file of hosts.

    python tests/bench/pulse_cost.py HOSTS.yaml transport|steady|engine [--seconds 30]

``transport`` is bytes to readings. ``steady`` is all that is done with a sample: transport, parse,
state, judge, store, and neither facts nor login probes. ``engine`` is the whole. It prints JSON:
milliseconds of this process' CPU per sample, percent of a core, MB. Connecting does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from opsdash.config.hosts import load_fleet
from opsdash.core.discover import checks, collectors
from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.plugin import Tier
from opsdash.core.snapshot import LinkState
from opsdash.engine import polling as polling_module
from opsdash.engine import prober
from opsdash.engine import session as session_module
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.transport.ssh.transport import SshTransport

PULSE = {name: c for name, c in collectors().items() if c.tier is Tier.PULSE}
CONNECT_S = 240.0
SETTLE_S = 6.0
Measured = tuple[int, float]
"""Samples, and CPU seconds that they took."""


def cpu_s() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_mb() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def transport_alone(fleet: Fleet, seconds: float) -> Measured:
    """Bytes to readings, which nobody keeps."""
    transport = SshTransport(fleet.hosts, Path(tempfile.mkdtemp()) / "known_hosts")
    samples = ready = 0

    async def follow(host: Host) -> None:
        nonlocal samples, ready
        try:
            connection = await transport.connect(host)
        except HostError as error:
            print(f"{host.name}: {error}", file=sys.stderr)
            return
        async with aclosing(connection.pulse(tuple(PULSE.values()), host.interval_s)) as beats:
            ready += 1
            async for _ in beats:
                samples += 1

    tasks = [asyncio.create_task(follow(host)) for host in fleet.hosts.values()]
    began = time.monotonic()
    while ready < len(tasks) and time.monotonic() - began < CONNECT_S:
        await asyncio.sleep(0.5)
    await asyncio.sleep(SETTLE_S)
    before, counted = cpu_s(), samples
    await asyncio.sleep(seconds)
    measured = samples - counted, cpu_s() - before
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await transport.close()
    return measured


def without_facts() -> None:
    """From now on a session knows the pulse alone."""
    judged = {name: one for name, one in checks().items() if PULSE.keys() >= set(one.reads)}
    judged.pop("host-data-stale", None)  # it would complain of the facts that nobody asks for
    setattr(session_module, "collectors", lambda: PULSE)  # noqa: B010
    setattr(polling_module, "checks", lambda: judged)  # noqa: B010
    prober.EVERY_S = 1e9


async def session(fleet: Fleet, seconds: float) -> Measured:
    """The whole of a session."""
    async with Session(fleet, Surroundings(Path(tempfile.mkdtemp()))) as watching:

        def up() -> int:
            hosts = watching.snapshot().hosts.values()
            return sum(state.link.state is LinkState.UP for state in hosts)

        began = time.monotonic()
        while up() < len(fleet.hosts) and time.monotonic() - began < CONNECT_S:
            await asyncio.sleep(0.5)
        await asyncio.sleep(SETTLE_S)
        before, ready = cpu_s(), up()
        await asyncio.sleep(seconds)
        used = cpu_s() - before
    interval_s = next(iter(fleet.hosts.values())).interval_s
    return round(ready * seconds / interval_s), used


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("hosts", type=Path)
    arguments.add_argument("kind", choices=("transport", "steady", "engine"))
    arguments.add_argument("--seconds", type=float, default=30)
    asked = arguments.parse_args()
    if asked.kind == "steady":
        without_facts()
    measure = transport_alone if asked.kind == "transport" else session
    samples, used = asyncio.run(measure(load_fleet(asked.hosts), asked.seconds))
    figures = {
        "ms_per_sample": 1000 * used / max(1, samples),
        "core_percent": 100 * used / asked.seconds,
        "samples": samples,
        "rss_mb": rss_mb(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
