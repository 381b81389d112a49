"""Own probes of the hosts that have any: each at its own time, by the host or by this machine.

A probe that hangs costs nobody else: from here each has a task of its own; by a host each has a
deadline of its own, and one that did not answer in time is asked after the others the next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from opsdash.collectors.probes import asking, together
from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.probe import OVER_THE_NETWORK, READING, Origin, Outcome, Probe
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.engine.facts import BREAKS_THE_LINK
from opsdash.engine.rhythm import Rhythm
from opsdash.transport.base import Connection
from opsdash.transport.bundle import OWN_DEADLINE

CONFIRM_S = 5.0
"""What worked and fails over the network counts when it fails twice: a packet may be lost."""

HERE_AT_A_TIME = 50

TakeProbes = Callable[[Host, Reading, bool], None]
"""Takes a host's answers; whether the host itself gave the latest of them."""


class OwnProbes:
    """The probes of all hosts; a host without any has a task that ends at once."""

    def __init__(self, take: TakeProbes, rhythm: Rhythm) -> None:
        self._take = take
        self._rhythm = rhythm
        self._rows: dict[str, dict[Probe, Row]] = {}
        self._doubted: set[tuple[str, Probe]] = set()
        self._due_at: dict[tuple[str, Probe], float] = {}
        self._asked: dict[str, list[asyncio.Event]] = {}
        self._slots = asyncio.Semaphore(HERE_AT_A_TIME)

    def ask(self, names: Sequence[str]) -> None:
        """All probes of these hosts are due at once."""
        wanted = set(names) & self._asked.keys()
        for key in [key for key in self._due_at if key[0] in wanted]:
            del self._due_at[key]
        for name in wanted:
            for event in self._asked[name]:
                event.set()

    def forget(self, name: str) -> None:
        """This host is not asked any more."""
        self._asked.pop(name, None)
        self._rows.pop(name, None)
        for key in [key for key in self._due_at if key[0] == name]:
            del self._due_at[key]
        self._doubted = {key for key in self._doubted if key[0] != name}

    async def keep(
        self, host: Host, connection: Connection, broken: asyncio.Future[Problem]
    ) -> None:
        """Probe whenever it is due; tell when the connection turns out to be broken."""
        known = self._rows.pop(host.name, None)
        if not host.probes:
            if known:  # what was declared no more is known no more
                self.forget(host.name)
                self._take(host, together(host.name, {}, self._rhythm.clock()), False)
            return
        declared = set(host.probes)
        kept = {probe: row for probe, row in (known or {}).items() if probe in declared}
        self._rows[host.name] = kept
        self._asked[host.name] = []
        there = [probe for probe in host.probes if probe.origin is Origin.HOST]
        here = [probe for probe in host.probes if probe.origin is Origin.HERE]
        async with asyncio.TaskGroup() as group:
            if there:
                group.create_task(self._keep_there(host, there, connection, broken))
            for probe in here:
                group.create_task(self._keep_here(host, probe))

    async def _keep_there(
        self,
        host: Host,
        probes: Sequence[Probe],
        connection: Connection,
        broken: asyncio.Future[Problem],
    ) -> None:
        asked = self._event(host)
        while True:
            asked.clear()
            due = [probe for probe in probes if self._due(host, probe) <= self._rhythm.clock()]
            if due:
                due.sort(key=lambda probe: self._hung(host, probe))
                readings = await self._fetch(host, due, connection, broken)
                if broken.done():
                    return
                for probe, reading in zip(due, readings, strict=True):
                    self._note(host, probe, _row_of(probe, reading))
                    if _is_stuck(reading):
                        break  # those after it were not tried: they are now, without it
                self._tell(host, by_host=any(one.problem is None for one in readings))
                continue
            await self._rest(asked, min(self._due(host, probe) for probe in probes))

    async def _fetch(
        self,
        host: Host,
        due: Sequence[Probe],
        connection: Connection,
        broken: asyncio.Future[Problem],
    ) -> list[Reading]:
        """A reading for each of these probes, in their order."""
        try:
            return await connection.collect([asking(probe) for probe in due])
        except HostError as error:
            if error.problem.kind in BREAKS_THE_LINK and not broken.done():
                broken.set_result(error.problem)
            at, problem = self._rhythm.clock(), error.problem
            return [Reading(host.name, READING, at, problem=problem) for _ in due]

    async def _keep_here(self, host: Host, probe: Probe) -> None:
        # few fleets are probed from here, and the library of keys and certificates is large
        from opsdash.transport.probing.here import probe_here

        asked = self._event(host)
        while True:
            asked.clear()
            await self._rest(asked, self._due(host, probe))
            async with self._slots:
                found = await probe_here(probe)
            self._note(host, probe, {**found, "at": self._rhythm.clock(), "probe": probe.name})
            self._tell(host, by_host=False)

    def _event(self, host: Host) -> asyncio.Event:
        event = asyncio.Event()
        self._asked[host.name].append(event)
        return event

    async def _rest(self, asked: asyncio.Event, until: float) -> None:
        wait_s = until - self._rhythm.clock()
        if wait_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.1, wait_s)):
                    await asked.wait()

    def _due(self, host: Host, probe: Probe) -> float:
        return self._due_at.get((host.name, probe), 0.0)

    def _hung(self, host: Host, probe: Probe) -> bool:
        row = self._rows[host.name].get(probe)
        return row is not None and bool(row.get("hung"))

    def _note(self, host: Host, probe: Probe, row: Row) -> None:
        """Remember an answer, and when the next is due; a first failure is tried again before."""
        key, now = (host.name, probe), self._rhythm.clock()
        before = self._rows[host.name].get(probe)
        worked = before is not None and before["outcome"] == Outcome.ANSWERED
        fails = row["outcome"] == Outcome.FAILED and isinstance(probe.what, OVER_THE_NETWORK)
        if worked and fails and key not in self._doubted:
            self._doubted.add(key)
            self._due_at[key] = now + CONFIRM_S
            return
        self._doubted.discard(key)
        self._rows[host.name][probe] = row
        self._due_at[key] = now + probe.every_s * (1 - 0.1 * self._rhythm.random())

    def _tell(self, host: Host, *, by_host: bool) -> None:
        known = self._rows[host.name]
        rows = {probe: known[probe] for probe in host.probes if probe in known}
        self._take(host, together(host.name, rows, self._rhythm.clock()), by_host)


def _is_stuck(reading: Reading) -> bool:
    """Whether this one kept the whole script from ending: its own deadline did not end it."""
    problem = reading.problem
    timed_out = problem is not None and problem.kind is ProblemKind.TIMEOUT
    return timed_out and problem is not None and OWN_DEADLINE not in problem.text


def _row_of(probe: Probe, reading: Reading) -> Row:
    """The answer of a host as a row; a host that did not give one says why not.

    What waits for the network is what did not answer; a program, a file or a list of processes that
    takes too long says nothing of itself.
    """
    if reading.problem is None:
        return reading.rows[0]
    problem = reading.problem
    hung = problem.kind is ProblemKind.TIMEOUT
    failed = hung and not _is_stuck(reading) and isinstance(probe.what, OVER_THE_NETWORK)
    text = "no answer in time" if hung else problem.text.removeprefix(f"Probe {probe.name}: ")
    return {
        "probe": probe.name,
        "kind": probe.kind,
        "at": reading.at,
        "outcome": (Outcome.FAILED if failed else Outcome.UNKNOWN).value,
        "text": text,
        "hint": "" if hung else problem.hint,
        "hung": hung,
    }
