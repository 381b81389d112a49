"""Facts that are nearly due go with those that are: one script for a host, not one for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from opsdash.core.host import Host
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Output, Reading
from opsdash.engine import facts as facts_module
from opsdash.engine.facts import Facts
from opsdash.engine.prober import EVERY_S, Prober
from opsdash.engine.rhythm import Rhythm
from opsdash.transport.base import Connection
from opsdash.transport.local import LocalTransport

HOST = Host("web1")


def _collector(name: str, every_s: float) -> Collector:
    def parse(output: Output, host: str, at: float) -> Reading:
        return Reading(host, name, at)

    return Collector(name, name, Tier.FACTS, parse, command="true", every_s=every_s)


class Hours:
    """A clock that each look at the host moves on, and what was asked for at which time."""

    def __init__(self, *collectors: Collector, until_s: float) -> None:
        self.now = 1000.0
        self.bundles: list[tuple[float, tuple[str, ...]]] = []
        self._until = self.now + until_s
        self._randoms = 0
        self.facts = Facts(collectors, self._fetch, lambda *_: None, Rhythm(self._clock, self._die))

    def _clock(self) -> float:
        return self.now

    def _die(self) -> float:
        """Chance that is never twice the same."""
        self._randoms += 1
        return (self._randoms * 0.37) % 1.0

    async def _fetch(
        self, host: Host, connection: Connection, due: Sequence[Collector]
    ) -> list[Reading]:
        self.bundles.append((self.now, tuple(one.name for one in due)))
        if self.now > self._until:
            raise asyncio.CancelledError
        return [Reading(host.name, one.name, self.now) for one in due]

    async def run(self) -> None:
        """Ask the host whenever something is due, the time in between left out."""
        connection = await LocalTransport().connect(HOST)
        broken = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self.facts.keep(HOST, connection, broken))
        while not task.done():
            self.now += 1.0
            if HOST.name in self.facts._asked:
                self.facts._asked[HOST.name].set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        with suppress(asyncio.CancelledError):
            await task


async def test_what_is_nearly_due_goes_with_what_is() -> None:
    hours = Hours(
        _collector("disks", 30), _collector("units", 30), _collector("oom", 60), until_s=3600
    )
    await hours.run()
    assert hours.bundles[0][1] == ("disks", "units", "oom")
    assert {names for _, names in hours.bundles} == {("disks", "units"), ("disks", "units", "oom")}
    assert 3600 / 30 <= len(hours.bundles) <= 3600 / 27 + 2


async def test_nothing_is_asked_for_later_than_its_period() -> None:
    periods = {"disks": 30.0, "oom": 60.0, "clock": 120.0, "os": 3600.0}
    hours = Hours(*(_collector(name, every_s) for name, every_s in periods.items()), until_s=8000)
    await hours.run()
    for name, every_s in periods.items():
        times = [at for at, names in hours.bundles if name in names]
        pauses = [later - earlier for earlier, later in pairwise(times)]
        assert max(pauses) <= every_s + 2.0
        share = 1 - 0.1 - facts_module.TOGETHER_RATIO
        assert min(pauses) >= share * every_s


async def test_a_large_fleet_is_probed_less_often_and_a_small_one_every_minute() -> None:
    prober = Prober({}, lambda *_: None, lambda: 0.0)
    tasks = []
    for number in range(1000):
        tasks.append(asyncio.create_task(prober.keep(Host(f"web{number}"))))
        if number == 299:
            await asyncio.sleep(0)
            assert prober._period_s == EVERY_S
    await asyncio.sleep(0)
    assert prober._period_s == 200.0
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
