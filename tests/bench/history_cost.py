"""What the history of 1,000 hosts costs: to take down, to turn into chunks, to read.

CPU of this process alone, its writer thread included. A tick is two seconds: a tenth of the hosts
is taken down every second.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from array import array
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from opsdash.core.discover import collectors
from opsdash.core.fleet import Fleet
from opsdash.core.history import COARSE, HOUR_S, MINUTE, Seen
from opsdash.core.host import Host
from opsdash.core.reading import Reading, SampleKey
from opsdash.engine.historian import TURNS, Historian
from opsdash.engine.state import State
from opsdash.store.history import History
from opsdash.store.past import Past
from opsdash.store.store import Store

HOSTS = 1_000
TICK_S = 2
START = 1_795_759_200
KEYS: tuple[SampleKey, ...] = (
    ("cpu.busy_ratio", ""),
    ("cpu.iowait_ratio", ""),
    ("cpu.steal_ratio", ""),
    ("load.one", ""),
    ("memory.used_ratio", ""),
    ("network.receive_bytes_per_s", ""),
    ("network.receive_bytes_per_s", "eth0"),
    ("network.transmit_bytes_per_s", ""),
    ("network.transmit_bytes_per_s", "eth0"),
    ("diskio.read_bytes_per_s", ""),
    ("diskio.write_bytes_per_s", ""),
    ("units.failed", ""),
    ("filesystem.used_ratio", "/"),
    ("filesystem.used_ratio", "/var"),
    ("filesystem.inodes_used_ratio", "/"),
    ("processes.threads", ""),
)


class Meter:
    """CPU seconds of the process since it was made."""

    def __init__(self) -> None:
        self._began_s = time.process_time()

    def ms(self) -> float:
        """So far, in milliseconds."""
        return 1000 * (time.process_time() - self._began_s)


def _readings(name: str, at: float) -> list[Reading]:
    """What a host says that has all these metrics."""
    found: dict[str, dict[SampleKey, float]] = {}
    for metric, label in KEYS:
        found.setdefault(metric.partition(".")[0], {})[metric, label] = random.random()
    return [Reading(name, collector, at, samples) for collector, samples in found.items()]


async def _take_down(store: Store) -> float:
    """Milliseconds a tick, of ticks in which all hosts have said something new; what is done once
    for each host, when it is met first, does not count.
    """
    names = [f"host{number}" for number in range(HOSTS)]
    now = float(START)
    fleet = Fleet(MappingProxyType({name: Host(name) for name in names}))
    state = State(fleet, collectors(), lambda: now)
    historian = Historian(state, collectors(), History(store), lambda: now)
    spent_ms = 0.0
    for again in range(4):
        for _ in range(5):
            now += TICK_S
            for name in names:
                state.take(name, _readings(name, now))
        meter = Meter()
        for turn in range(TURNS):
            await historian.take_down(int(now) // TURNS * TURNS + turn)
        spent_ms += meter.ms() if again else 0.0
    return spent_ms / 15


def _hour(host: str, start: int) -> list[Seen]:
    def row(at: int) -> Seen:
        return Seen(host, at, KEYS, array("f", [random.random() for _ in KEYS]))

    return [row(at) for at in range(start, start + HOUR_S, 10)]


async def _compact(store: Store, hosts: int) -> float:
    """Milliseconds to turn the hour of one host into chunks."""
    history = History(store)
    for number in range(hosts):
        await history.add(_hour(f"host{number}", START - 10 * HOUR_S))
    meter = Meter()
    while await history.compact(START):
        pass
    return meter.ms() / hosts


async def _read(store: Store) -> tuple[float, float, float]:
    """Milliseconds for a day of one host by the minute and by five, and for the fleet's."""
    history = History(store)
    sample = _hour("host0", START)[0]
    for hour in range(1, 24):
        start = START + hour * HOUR_S
        for at in (start, start + 300, start + 3590):
            names = (f"host{number}" for number in range(HOSTS))
            await history.add([replace(sample, host=name, at=at) for name in names])
        while await history.compact(start + 2 * HOUR_S + 120, most_hosts=HOSTS):
            pass
    past, key = Past(store), KEYS[0]
    end = START + 25 * HOUR_S
    meter = Meter()
    await past.points("host7", key, end - 24 * HOUR_S, end, MINUTE)
    minute_ms, meter = meter.ms(), Meter()
    await past.points("host7", key, end - 24 * HOUR_S, end, COARSE)
    coarse_ms, meter = meter.ms(), Meter()
    await past.fleet(key, end - 24 * HOUR_S, end)
    return minute_ms, coarse_ms, meter.ms()


async def _all(folder: Path) -> dict[str, float]:
    store = Store(folder / "history.db")
    await store.open()
    tick_ms = await _take_down(store)
    hour_ms = await _compact(store, 50)
    minute_ms, coarse_ms, fleet_ms = await _read(store)
    await store.close()
    chunks_ms = hour_ms * HOSTS * TICK_S / HOUR_S
    return {
        "taking down 1,000 hosts (ms/tick)": tick_ms,
        "an hour of a host into chunks (ms)": hour_ms,
        "all in, amortised (ms/tick)": tick_ms + chunks_ms,
        "a day of one host by the minute (ms)": minute_ms,
        "a day of one host by five minutes (ms)": coarse_ms,
        "a day of the fleet (ms)": fleet_ms,
    }


def run() -> dict[str, float]:
    """Milliseconds of CPU."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_all(Path(folder)))
