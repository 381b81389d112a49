"""The poller: one task per host that connects, follows the pulse, fetches facts, tries again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import LinkState, Login
from opsdash.engine.crew import Crew
from opsdash.engine.facts import Facts
from opsdash.engine.links import Links
from opsdash.engine.live import LiveConnections
from opsdash.engine.own_clock import OwnClock
from opsdash.engine.own_machine import OwnMachine
from opsdash.engine.privilege import Privilege
from opsdash.engine.prober import Prober
from opsdash.engine.questions import Questions
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
        self._questions = Questions(
            collectors, reach.privilege.collect, self._take_facts, self._take_probes, rhythm
        )
        self._privilege = reach.privilege
        self._crew = Crew(self._keep, self._buried)
        self._following: dict[str, asyncio.Task[Problem]] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self._boots: dict[str, tuple[Row, ...]] = {}
        self._links = Links(state, judge, self._wake, rhythm.clock)
        self.live = LiveConnections()
        self._prober = Prober(reach.transports, self._take_login, rhythm.clock)

    async def run(self, hosts: Sequence[Host]) -> None:
        """Poll until cancelled."""
        self.begin(hosts)
        try:
            await self._sweep()
        finally:
            await self._crew.end()

    def begin(self, hosts: Iterable[Host]) -> None:
        """Poll these hosts, too; the state knows them already."""
        for host in hosts:
            self._asked[host.name] = asyncio.Event()
            self._links.set(host, LinkState.CONNECTING)
            self._crew.begin(host)

    async def end(self, names: Collection[str]) -> None:
        """Poll these hosts no more; their connections are closed when this returns.

        What is due, and what root is there, is found out anew if they are ever polled again.
        """
        await self._crew.end(names)
        for name in names:
            self._asked.pop(name, None)
            self._prober.forget(name)
            self._privilege.forget_host(name)
            self._questions.forget(name)

    def forget(self, names: Collection[str]) -> None:
        """These hosts have left the fleet, and the state knows them no more."""
        for name in names:
            self._boots.pop(name, None)
        self._links.forget(names)

    def renew(self, names: Iterable[str]) -> None:
        """Ask these hosts as they are declared now, on the connections that there are."""
        for name in names:
            self._privilege.forget_host(name)
            if name in self._following:
                self._following[name].cancel()

    async def _buried(self, host: Host, bug: BaseException | None) -> None:
        """A bug that meets one host costs that host's row, and only until it is asked for again."""
        LOG.error("polling %s stopped by a bug", host.name, exc_info=bug)
        text = f"stopped by a bug ({type(bug).__name__}: {bug})"
        self._links.set(host, LinkState.DOWN, Problem(ProblemKind.BUG, text))
        asked = self._asked[host.name]
        asked.clear()
        await asked.wait()
        await self._keep(host)

    def want(self, name: str, collectors: Iterable[str], for_s: float) -> None:
        """Ask a host for what is asked on demand, for so many seconds from now on."""
        if self._state.knows(name):
            self._questions.wanted.want(name, collectors, for_s)

    def refresh(self, names: Sequence[str]) -> None:
        """Ask again at once: facts of hosts that are up, a connection for those that are not."""
        names = [name for name in names if self._state.knows(name)]
        self._questions.by_login.ask(names)
        self._questions.probes.ask(names)
        for facts in self._questions.rooted:
            # each sudo is a line in the host's log: only what was refused is worth another one
            lacking = [name for name in names if self._lacks(name, facts)]
            self._privilege.doubt(lacking)
            facts.ask(lacking)
        for name in names:
            self._prober.ask(name)
        self._wake(names)

    def _lacks(self, name: str, facts: Facts) -> bool:
        readings = self._state.host(name).readings
        found = [readings.get(collector.name) for collector in facts.collectors]
        return any(reading is not None and reading.problem is not None for reading in found)

    def fetch_as_root(self, names: Sequence[str]) -> None:
        """What needs root is due at once on these hosts."""
        for facts in self._questions.rooted:
            facts.ask(names)

    def _wake(self, names: Sequence[str]) -> None:
        """Hosts that rest try again at once, those that are up ask for what is due."""
        for name in names:
            if name in self._asked:
                self._asked[name].set()

    def _take_login(self, name: str, login: Login) -> None:
        self._state.set_login(name, login)
        self._judge(name)

    async def _sweep(self) -> None:
        machine = OwnMachine(self._state, self._rhythm.clock, self._rhythm.jump_s)
        own_clock = OwnClock(self._state, self._rhythm.clock, self._rhythm.jump_s)
        while True:
            await asyncio.sleep(SWEEP_S)
            if machine.look():
                self.refresh(self._state.names)
            own_clock.look()
            if machine.just_awake:
                continue
            overdue = self._rhythm.clock() - SWEEP_S
            for name in self._state.names:
                known = self._state.host(name)
                if known.at < overdue - known.host.interval_s:
                    self._judge(name)

    async def _keep(self, host: Host) -> None:
        """Connect, follow, and when it breaks try again: at once, then ever more slowly."""
        failures = 0
        while True:
            host = self._state.host(host.name).host
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
            self.live.failed(host.name, error.problem)
            return error.problem, False
        began = self._rhythm.clock()
        self.live.came(host.name, connection)
        try:
            problem = await self._follow_on(host.name, connection)
        finally:
            self.live.went(host.name)
            await connection.close()
        return problem, self._state.host(host.name).at - began >= STEADY_S

    async def _follow_on(self, name: str, connection: Connection) -> Problem:
        """Follow a host until it breaks; begin anew on the connection when the host is renewed."""
        while True:
            follow = self._follow(self._state.host(name).host, connection)
            following = asyncio.create_task(follow, name=f"follow {name}")
            self._following[name] = following
            try:
                await asyncio.wait([following])
            finally:
                del self._following[name]
                if following.cancel():
                    await asyncio.wait([following])
            if not following.cancelled():
                return following.result()

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
                            for facts in self._questions
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

    def _take_probes(self, host: Host, reading: Reading, by_host: bool) -> None:
        self._state.take(host.name, (reading,), by_host=by_host)
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
