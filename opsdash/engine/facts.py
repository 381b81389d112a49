"""Facts: what is asked of a host now and then, each collector at its own time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, failed
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.engine.rhythm import Rhythm
from opsdash.transport.base import Connection

FAILED_AGAIN_S = 60.0
"""A collector that failed is asked again after so long, however rarely it is due."""

TOGETHER_RATIO = 0.2
"""What is due within so much of its period is asked for now, with what is due already: one script
for seven collectors costs both sides little more than one for one."""

BREAKS_THE_LINK = frozenset({ProblemKind.LOST, ProblemKind.DROPPED})

Fetch = Callable[[Host, Connection, Sequence[Collector]], Awaitable[list[Reading]]]
Take = Callable[[Host, Sequence[Reading]], None]


def always(_host: str, _collector: str) -> bool:
    """Everything is wanted of every host."""
    return True


async def by_the_login(
    host: Host, connection: Connection, due: Sequence[Collector]
) -> list[Reading]:
    """What the user that logs in may see."""
    return await connection.collect([one.of(host) for one in due])


@dataclass
class Facts:
    """Some collectors of all hosts: `fetch` asks a host for those that are due, `take` gets what
    came of it. What is not `wanted` of a host, by its and the collector's name, is not asked for;
    wake() tells that something is now.
    """

    collectors: Sequence[Collector]
    fetch: Fetch
    take: Take
    rhythm: Rhythm
    wanted: Callable[[str, str], bool] = always
    _due_at: dict[tuple[str, str], float] = field(default_factory=dict)
    _asked: dict[str, asyncio.Event] = field(default_factory=dict)

    def ask(self, names: Iterable[str]) -> None:
        """Everything is due at once for these hosts."""
        for name in names:
            for collector in self.collectors:
                self._due_at.pop((name, collector.name), None)
            if name in self._asked:
                self._asked[name].set()

    def wake(self, name: str) -> None:
        """What is due for this host is asked for now, not when it was to be looked at next."""
        if name in self._asked:
            self._asked[name].set()

    def forget(self, name: str) -> None:
        """This host is not asked any more: if it ever is again, everything is due."""
        self._asked.pop(name, None)
        for collector in self.collectors:
            self._due_at.pop((name, collector.name), None)

    async def keep(
        self, host: Host, connection: Connection, broken: asyncio.Future[Problem]
    ) -> None:
        """Fetch whenever some are due; tell when the connection turns out to be broken."""
        asked = self._asked[host.name] = asyncio.Event()
        while True:
            due = self._now_due(host)
            if due:
                try:
                    readings = await self.fetch(host, connection, due)
                except HostError as error:
                    at = self.rhythm.clock()
                    readings = [failed(one, host.name, at, error.problem) for one in due]
                    if error.problem.kind in BREAKS_THE_LINK and not broken.done():
                        broken.set_result(error.problem)
                        return
                self.take(host, readings)
                self._plan(host, readings)
            asked.clear()
            wait_s = self._next_due(host) - self.rhythm.clock()
            try:
                async with asyncio.timeout(max(0.1, wait_s)):
                    await asked.wait()
            except TimeoutError:
                continue

    def _now_due(self, host: Host) -> list[Collector]:
        """The collectors that are due and, if there are any, those that nearly are."""
        now = self.rhythm.clock()
        if self._next_due(host) > now:
            return []
        soon = [(one, now + TOGETHER_RATIO * one.every_s) for one in self._wanted_of(host)]
        return [one for one, until in soon if self._due(host, one) <= until]

    def _due(self, host: Host, collector: Collector) -> float:
        return self._due_at.get((host.name, collector.name), 0.0)

    def _next_due(self, host: Host) -> float:
        never = self.rhythm.clock() + 3600
        return min((self._due(host, one) for one in self._wanted_of(host)), default=never)

    def _wanted_of(self, host: Host) -> list[Collector]:
        return [one for one in self.collectors if self.wanted(host.name, one.name)]

    def _plan(self, host: Host, readings: Sequence[Reading]) -> None:
        """When facts are due again: their period, up to a tenth sooner; soon if they failed.

        What was fetched together is a tenth sooner together, or it would drift apart.
        """
        now, early = self.rhythm.clock(), 0.1 * self.rhythm.random()
        periods = {collector.name: collector.every_s for collector in self.collectors}
        for reading in readings:
            every_s = periods[reading.collector]
            if reading.problem is not None and not reading.problem.will_stay:
                every_s = min(every_s, FAILED_AGAIN_S)
            self._due_at[host.name, reading.collector] = now + every_s * (1 - early)
