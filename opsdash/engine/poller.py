"""The poller: one task per host that connects, follows the pulse, fetches facts, tries again."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.plugin import Collector, Tier, failed
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import LinkState, Login
from opsdash.engine.links import Links
from opsdash.engine.own_machine import OwnMachine
from opsdash.engine.prober import Prober
from opsdash.engine.state import State
from opsdash.transport.base import Connection, Transport

LOG = logging.getLogger(__name__)

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 30.0
STEADY_S = 10.0
"""A connection that has delivered for so long is made anew at once when it breaks; one that breaks
sooner counts as a failure, or a host that drops us after each login would be hammered."""

FAILED_FACTS_AGAIN_S = 60.0
"""A collector that failed is asked again after so long, however rarely it is due."""

_WILL_STAY = frozenset({ProblemKind.UNSUPPORTED, ProblemKind.MISSING_COMMAND})

SWEEP_S = 1.0
"""How often hosts are looked at of which nothing arrives: data grows old, holds run out."""

_BREAKS_THE_LINK = frozenset({ProblemKind.LOST, ProblemKind.DROPPED})


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a poller needs besides hosts: time, how far the wall clock has been set meanwhile, and
    chance; all replaced in tests.
    """

    clock: Callable[[], float]
    random: Callable[[], float] = random.random
    jump_s: Callable[[], float] = lambda: 0.0


class Poller:
    """Keeps the state of all hosts up to date, each in a task of its own."""

    def __init__(
        self,
        state: State,
        collectors: Mapping[str, Collector],
        transports: Mapping[Way, Transport],
        judge: Callable[[str], None],
        rhythm: Rhythm,
    ) -> None:
        self._state = state
        self._transports = transports
        self._judge = judge
        self._rhythm = rhythm
        self._pulse = tuple(c for c in collectors.values() if c.tier is Tier.PULSE)
        self._facts = tuple(c for c in collectors.values() if c.tier is Tier.FACTS)
        self._due_at: dict[tuple[str, str], float] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self._boots: dict[str, tuple[Row, ...]] = {}
        self._links = Links(state, judge, self._wake, rhythm.clock)
        self._prober = Prober(transports, self._take_login, rhythm.clock)

    async def run(self, hosts: Sequence[Host]) -> None:
        """Poll until cancelled."""
        running: dict[asyncio.Task[None], Host | None] = {}
        running[asyncio.create_task(self._sweep(hosts), name="sweep")] = None
        for host in hosts:
            self._asked[host.name] = asyncio.Event()
            running[self._start(self._keep(host), host)] = host
        try:
            while running:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in [task for task in running if task.done()]:
                    polled = running.pop(task)
                    if polled is None:
                        await task
                    else:
                        running[self._bury(polled, task)] = polled
        finally:
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)

    def _start(self, work: Coroutine[None, None, None], host: Host) -> asyncio.Task[None]:
        return asyncio.create_task(work, name=f"poll {host.name}")

    def _bury(self, host: Host, task: asyncio.Task[None]) -> asyncio.Task[None]:
        """A bug that meets one host costs that host's row, and only until it is asked for again."""
        bug = task.exception()
        LOG.error("polling %s stopped by a bug", host.name, exc_info=bug)
        text = f"stopped by a bug ({type(bug).__name__}: {bug})"
        self._links.set(host, LinkState.DOWN, Problem(ProblemKind.BUG, text))

        async def when_asked() -> None:
            self._asked[host.name].clear()
            await self._asked[host.name].wait()
            await self._keep(host)

        return self._start(when_asked(), host)

    def refresh(self, names: Sequence[str]) -> None:
        """Ask again at once: facts of hosts that are up, a connection for those that are not."""
        for name in names:
            for collector in self._facts:
                self._due_at.pop((name, collector.name), None)
            self._prober.ask(name)
        self._wake(names)

    def _wake(self, names: Sequence[str]) -> None:
        """Hosts that rest try again at once, those that are up ask for what is due."""
        for name in names:
            if name in self._asked:
                self._asked[name].set()

    def _take_login(self, name: str, login: Login) -> None:
        self._state.set_login(name, login)
        self._judge(name)

    async def _sweep(self, hosts: Sequence[Host]) -> None:
        machine = OwnMachine(self._state, self._rhythm.clock, self._rhythm.jump_s)
        while True:
            await asyncio.sleep(SWEEP_S)
            if machine.look():
                self.refresh([host.name for host in hosts])
            if machine.just_awake:
                continue
            overdue = self._rhythm.clock() - SWEEP_S
            for host in hosts:
                if self._state.host(host.name).at < overdue - host.interval_s:
                    self._judge(host.name)

    async def _keep(self, host: Host) -> None:
        """Connect, follow, and when it breaks try again: at once, then ever more slowly."""
        failures = 0
        while True:
            if failures == 0 and self._state.host(host.name).link.problem is None:
                self._links.set(host, LinkState.CONNECTING)
            problem, steady = await self._attempt(host)
            failures = 0 if steady else failures + 1
            if steady and problem.mends_itself:
                # it worked until now: what comes of the next try is the truth, not this
                self._links.set(host, LinkState.CONNECTING)
                await asyncio.sleep(0.2 * self._rhythm.random())
                continue
            await self._rest(host, problem, failures)

    async def _attempt(self, host: Host) -> tuple[Problem, bool]:
        """One connection from its beginning to its end: why it ended, and whether it was steady."""
        try:
            connection = await self._transports[host.way].connect(host)
        except HostError as error:
            return error.problem, False
        began = self._rhythm.clock()
        try:
            problem = await self._follow(host, connection)
        finally:
            await connection.close()
        return problem, self._state.host(host.name).at - began >= STEADY_S

    async def _follow(self, host: Host, connection: Connection) -> Problem:
        """Take in what a host delivers until it breaks; says why it did."""
        beside: list[asyncio.Task[None]] = []
        broken: asyncio.Future[Problem] = asyncio.get_running_loop().create_future()
        try:
            beats = connection.pulse(self._pulse, host.interval_s)
            async with aclosing(beats):
                async for readings in beats:
                    self._heed_reboot(host, readings)
                    self._state.take(host.name, readings)
                    if not beside:
                        self._state.set_login(host.name, None)
                        self._links.set(host, LinkState.UP)
                        facts = self._collect(host, connection, broken)
                        beside.append(asyncio.create_task(facts, name=f"facts {host.name}"))
                        beside += self._probing(host)
                    self._judge(host.name)
                    if broken.done():
                        return broken.result()
        except HostError as error:
            return error.problem
        finally:
            for task in beside:
                task.cancel()
            if beside:
                await asyncio.wait(beside)
        return Problem(ProblemKind.LOST, "the pulse ended")

    def _probing(self, host: Host) -> list[asyncio.Task[None]]:
        """The task that probes logins, where there are any."""
        if not host.way.logs_in:
            return []
        return [asyncio.create_task(self._prober.keep(host), name=f"probe {host.name}")]

    async def _collect(
        self, host: Host, connection: Connection, broken: asyncio.Future[Problem]
    ) -> None:
        """Fetch facts whenever some are due; tell when the connection turns out to be broken."""
        asked = self._asked[host.name]
        while True:
            due = [c for c in self._facts if self._is_due(host, c)]
            if due:
                try:
                    readings = await connection.collect(due)
                except HostError as error:
                    readings = self._failed(host, due, error.problem)
                    if error.problem.kind in _BREAKS_THE_LINK and not broken.done():
                        broken.set_result(error.problem)
                        return
                self._state.take(host.name, readings)
                self._judge(host.name)
                self._plan(host, readings)
            asked.clear()
            wait_s = self._next_due(host) - self._rhythm.clock()
            try:
                async with asyncio.timeout(max(0.1, wait_s)):
                    await asked.wait()
            except TimeoutError:
                continue

    def _failed(self, host: Host, due: Sequence[Collector], problem: Problem) -> list[Reading]:
        at = self._rhythm.clock()
        return [failed(collector, host.name, at, problem) for collector in due]

    def _is_due(self, host: Host, collector: Collector) -> bool:
        return self._due_at.get((host.name, collector.name), 0.0) <= self._rhythm.clock()

    def _plan(self, host: Host, readings: Sequence[Reading]) -> None:
        """When facts are due again: their period, up to a tenth sooner; soon if they failed."""
        now = self._rhythm.clock()
        periods = {collector.name: collector.every_s for collector in self._facts}
        for reading in readings:
            every_s = periods[reading.collector]
            if reading.problem is not None and reading.problem.kind not in _WILL_STAY:
                every_s = min(every_s, FAILED_FACTS_AGAIN_S)
            early = 0.1 * self._rhythm.random()
            self._due_at[host.name, reading.collector] = now + every_s * (1 - early)

    def _heed_reboot(self, host: Host, readings: Sequence[Reading]) -> None:
        """After a reboot nothing that was asked before holds: all facts are due."""
        booted = next((r.rows for r in readings if r.collector == "uptime" and r.rows), None)
        before = self._boots.get(host.name)
        if booted is not None and booted != before:
            self._boots[host.name] = booted
            if before is not None:
                self.refresh((host.name,))

    def _next_due(self, host: Host) -> float:
        return min(
            (self._due_at.get((host.name, c.name), 0.0) for c in self._facts),
            default=self._rhythm.clock() + 3600,
        )

    async def _rest(self, host: Host, problem: Problem, failures: int) -> None:
        """Say that the host is down and wait: for the next try, or for ever until asked."""
        asked = self._asked[host.name]
        asked.clear()
        longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(failures, 8))
        wait_s = max(1.0, longest * self._rhythm.random()) if problem.mends_itself else None
        retry_at = None if wait_s is None else self._rhythm.clock() + wait_s
        self._links.set(host, LinkState.DOWN, problem, retry_at)
        try:
            async with asyncio.timeout(wait_s):
                await asked.wait()
        except TimeoutError:
            return
