"""The poller: one task per host that connects, follows the pulse, fetches facts, tries again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import LinkState, Login
from opsdash.engine.facts import Facts, by_the_login
from opsdash.engine.links import Links
from opsdash.engine.own_clock import OwnClock
from opsdash.engine.own_machine import OwnMachine
from opsdash.engine.privilege import Privilege
from opsdash.engine.prober import Prober
from opsdash.engine.rhythm import Rhythm
from opsdash.engine.state import State
from opsdash.transport.base import Connection, Transport

LOG = logging.getLogger(__name__)

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 30.0
STEADY_S = 10.0
"""A connection that has delivered for so long is made anew at once when it breaks; one that breaks
sooner counts as a failure, or a host that drops us after each login would be hammered."""

SWEEP_S = 1.0
"""How often hosts are looked at of which nothing arrives: data grows old, holds run out."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The ways to the hosts, and how root is become there."""

    transports: Mapping[Way, Transport]
    privilege: Privilege


class Poller:
    """Keeps the state of all hosts up to date, each in a task of its own."""

    def __init__(
        self,
        state: State,
        collectors: Mapping[str, Collector],
        reach: Reach,
        judge: Callable[[str], None],
        rhythm: Rhythm,
    ) -> None:
        self._state = state
        self._transports = reach.transports
        self._judge = judge
        self._rhythm = rhythm
        self._pulse = tuple(c for c in collectors.values() if c.tier is Tier.PULSE)
        facts = [c for c in collectors.values() if c.tier is Tier.FACTS]
        self._facts = (
            Facts([c for c in facts if not c.needs_root], by_the_login, self._take_facts, rhythm),
            Facts(
                [c for c in facts if c.needs_root],
                reach.privilege.collect,
                self._take_facts,
                rhythm,
            ),
        )
        self._asked: dict[str, asyncio.Event] = {}
        self._boots: dict[str, tuple[Row, ...]] = {}
        self._links = Links(state, judge, self._wake, rhythm.clock)
        self._prober = Prober(reach.transports, self._take_login, rhythm.clock)

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
        facts, as_root = self._facts
        facts.ask(names)
        # each sudo is a line in the host's log: only what was refused is worth another one
        as_root.ask(name for name in names if self._lacks(name, as_root))
        for name in names:
            self._prober.ask(name)
        self._wake(names)

    def _lacks(self, name: str, facts: Facts) -> bool:
        readings = self._state.host(name).readings
        found = [readings.get(collector.name) for collector in facts.collectors]
        return any(reading is not None and reading.problem is not None for reading in found)

    def fetch_as_root(self, names: Sequence[str]) -> None:
        """What needs root is due at once on these hosts."""
        self._facts[1].ask(names)

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
        own_clock = OwnClock(self._state, self._rhythm.clock, self._rhythm.jump_s)
        while True:
            await asyncio.sleep(SWEEP_S)
            if machine.look():
                self.refresh([host.name for host in hosts])
            own_clock.look()
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
                        self._state.set_host_key(host.name, connection.host_key)
                        self._links.set(host, LinkState.UP)
                        beside += [
                            asyncio.create_task(facts.keep(host, connection, broken))
                            for facts in self._facts
                        ]
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

    def _take_facts(self, host: Host, readings: Sequence[Reading]) -> None:
        self._state.take(host.name, readings)
        self._judge(host.name)

    def _heed_reboot(self, host: Host, readings: Sequence[Reading]) -> None:
        """After a reboot nothing that was asked before holds: all facts are due."""
        booted = next((r.rows for r in readings if r.collector == "uptime" and r.rows), None)
        before = self._boots.get(host.name)
        if booted is not None and booted != before:
            self._boots[host.name] = booted
            if before is not None:
                self.refresh((host.name,))

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
