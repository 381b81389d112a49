"""What a step back in time costs with 1,000 hosts: wall time, from the store to the snapshot."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from array import array
from pathlib import Path
from types import MappingProxyType

from opsdash.core.discover import checks
from opsdash.core.fleet import Fleet
from opsdash.core.frame import Frame
from opsdash.core.history import HOUR_S, Seen
from opsdash.core.host import Host
from opsdash.core.reading import Reading, Row, SampleKey
from opsdash.engine.rewind import Rewind
from opsdash.store.frames import Frames
from opsdash.store.history import History
from opsdash.store.stops import Stops
from opsdash.store.store import Store

HOSTS = 1_000
START = 1_795_759_200 // HOUR_S * HOUR_S
KEYS: tuple[SampleKey, ...] = (
    *((f"cpu.{name}_ratio", "") for name in ("busy", "iowait", "steal")),
    *(("filesystem.used_ratio", f"/mnt{number}") for number in range(12)),
    *(("network.receive_bytes_per_s", f"eth{number}") for number in range(12)),
    *(("diskio.read_bytes_per_s", f"sd{number}") for number in range(12)),
    *(("diskio.busy_ratio", f"sd{number}") for number in range(12)),
)
STEPS = 10


def _frame(host: str) -> Frame:
    rows: tuple[Row, ...] = tuple(
        {"pid": pid, "user": "root", "cores": 0.01 * pid, "name": f"worker{pid}", "args": "x" * 40}
        for pid in range(80)
    )
    return Frame(host, START + 1.0, {"ps": Reading(host, "ps", START + 0.5, {}, rows)})


async def _all(folder: Path) -> dict[str, float]:
    store = Store(folder / "history.db")
    await store.open()
    names = [f"host{number}" for number in range(HOSTS)]
    fleet = Fleet(MappingProxyType({name: Host(name) for name in names}))
    await Frames(store).add([_frame(name) for name in names])
    history, luck = History(store), random.Random(7)
    for at in (*range(0, HOUR_S, 60), *range(3 * HOUR_S, 3 * HOUR_S + 300, 10)):
        values = array("f", [luck.random() for _ in KEYS])
        await history.add([Seen(name, START + at, KEYS, values) for name in names])
    while await history.compact(START + 3 * HOUR_S + 300.0):
        pass
    rewind, stops = Rewind(store, lambda: fleet, checks()), Stops(store)

    async def steps(after_s: float, count: int = STEPS) -> float:
        began, moment = time.perf_counter(), START + after_s
        for _ in range(count):
            moment = await stops.next_to(moment, -1) or moment
            await rewind.at(moment)
        return 1000 * (time.perf_counter() - began) / count

    first = await steps(3 * HOUR_S + 290, 1)
    figures = {
        "the first step (ms)": first,
        "a step in the last hour (ms)": await steps(3 * HOUR_S + 280),
        "the first step into an hour in chunks (ms)": await steps(HOUR_S - 60, 1),
        "a step in an hour in chunks (ms)": await steps(HOUR_S - 120),
    }
    await store.close()
    return figures


def run() -> dict[str, float]:
    """Milliseconds of wall time."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_all(Path(folder)))
