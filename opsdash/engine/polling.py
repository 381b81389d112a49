"""One time that this program polls: from taking it up until it ends, or hands it over."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.core.blame import lists_of
from opsdash.core.discover import checks
from opsdash.core.fleet import Fleet
from opsdash.core.holder import Holder
from opsdash.core.plugin import Collector
from opsdash.engine.appearances import Appearances
from opsdash.engine.bystander import host_name
from opsdash.engine.comparer import Comparer
from opsdash.engine.fleet_change import FleetChange, batched
from opsdash.engine.hook_post import Desk
from opsdash.engine.hooks import Ears, Hooks
from opsdash.engine.judge import Judge
from opsdash.engine.memory import Memory
from opsdash.engine.poller import Poller, Reach
from opsdash.engine.rhythm import Rhythm
from opsdash.engine.silences import Silences
from opsdash.engine.state import State
from opsdash.engine.surroundings import Surroundings
from opsdash.store.hooks import HookTable
from opsdash.store.store import Store
from opsdash.transport.hook_calls import call

LOG = logging.getLogger(__name__)

LONGEST_END_S = 5.0
"""Whatever still runs so long after it was told to end loses its connections all the same."""

BLAMED_S = 30.0
"""For how long a host is asked for its processes after a finding whose culprit is among them. A
check with no news is asked once a minute, and most with every pulse."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a session outlives each time that it polls."""

    state: State
    store: Store
    collectors: Mapping[str, Collector]
    reach: Reach
    silences: Silences
    around: Surroundings


class Polling:
    """Poller, judge and memory of one such time; what is known from before comes from the store."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        around = parts.around
        self._checks = checks()
        self.memory = Memory(parts.state, parts.collectors, parts.store, around.clock)
        self.memory.chronicle.heard = around.heard
        self.judge = Judge.over(self._checks, parts.collectors)
        self.poller = Poller(
            parts.state,
            parts.collectors,
            parts.reach,
            self.judge_host,
            Rhythm(around.clock, jump_s=around.jump_s),
        )
        self._fleet = Fleet({})
        self._hooks = self._hooked() if around.lasts else None
        self.memory.framer.want = self.poller.want
        self._comparer = Comparer(parts.state, around.clock)
        self._appearances = Appearances(self.memory.chronicle.note)
        self._tasks: list[asyncio.Task[None]] = []

    def _hooked(self) -> Hooks:
        parts, around = self._parts, self._parts.around
        desk = Desk(
            HookTable(parts.store),
            lambda hook, message: call(hook, message, around.ring),
            around.clock,
            parts.state.notice,
            parts.state.withdraw,
            self.memory.chronicle.happened,
        )
        ears = Ears(
            lambda: self._fleet,
            lambda: around.clock() + around.jump_s(),
            around.ring is not None,
            lambda ended: report_end(ended, parts.state),
        )
        return Hooks(desk, ears)

    async def begin(self, fleet: Fleet, died_at: float | None = None) -> None:
        """Recall what earlier runs knew, then poll; `died_at` is as in Chronicle.started()."""
        self._fleet = fleet
        store, chronicle = self._parts.store, self.memory.chronicle
        first_seen = await store.open_findings()
        known_hosts = await store.known_hosts()
        self.judge = Judge.over(self._checks, self._parts.collectors, first_seen, known_hosts)
        self.judge.silence_of = self._parts.silences.of
        self._parts.state.seed(await store.counters())
        await chronicle.begin(first_seen)
        if self._parts.around.lasts:
            await chronicle.started(len(fleet.hosts), os.getpid(), died_at)
            await self.memory.framer.begin()
        if self._hooks is not None:
            await self._hooks.begin(first_seen)
        self._tasks = [
            asyncio.create_task(self.poller.run(list(fleet.hosts.values())), name="poller"),
            asyncio.create_task(self.memory.save_findings(), name="saver"),
            asyncio.create_task(self.memory.historian.run(), name="historian"),
            asyncio.create_task(chronicle.run(), name="chronicler"),
            asyncio.create_task(self.memory.framer.run(), name="framer"),
            asyncio.create_task(self._comparer.run(), name="comparer"),
        ]
        for task in self._tasks:
            task.add_done_callback(lambda ended: report_end(ended, self._parts.state))

    async def end(self, to: Holder | None = None, *, lost: bool = False) -> None:
        """Poll no more, leave no connection, and write down what was learnt, unless it is `lost`:
        another one has taken it up and writes already.
        """
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LONGEST_END_S)
        if tasks and self._hooks is not None:
            await self._hooks.end()
        if tasks and not lost:
            if self._parts.around.lasts:
                await self.memory.historian.finish()
                await self.memory.framer.finish()
            await self.memory.save(counters=True)
            await self.memory.chronicle.stopped(to.words(host_name()) if to else "")

    @property
    def begun(self) -> bool:
        """Whether it has begun, and has not ended yet."""
        return bool(self._tasks)

    async def change_fleet(self, fleet: Fleet, change: FleetChange) -> None:
        """Poll what has come, and as it is declared now; the state knows the fleet already."""
        self._fleet = fleet
        for name in change.removed:
            self.judge.forget(name)
        if self._hooks is not None:
            self._hooks.forget(change.removed)
        self.poller.forget(change.removed)
        self._appearances.forget(change.removed)
        for names in batched(change.renewed):
            self.poller.renew(names)
            await asyncio.sleep(0)  # a key is answered in between
        for names in batched((*change.added, *change.moved)):
            self.poller.begin(fleet.hosts[name] for name in names)
            await asyncio.sleep(0)
        for names in batched(change.changed):
            for name in names:
                self.judge.ask_all(name)
                self.judge_host(name)
            await asyncio.sleep(0)

    def judge_host(self, name: str) -> None:
        """There is news of a host."""
        judgement = self.judge.judge_into(self._parts.state, name, self._parts.around.clock())
        self.memory.judged(name, judgement)
        if self._hooks is not None:
            self._hooks.judged(name, judgement)
        self._appearances.look(self._parts.state.host(name))
        if judgement.closed:
            self._parts.silences.closed(judgement.closed)
        if judgement.blaming:
            self.poller.want(name, lists_of(judgement.blaming), BLAMED_S)


def report_end(task: asyncio.Task[None], state: State) -> None:
    """A task that ends by itself is a bug of ours: it must show, or old values look new."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        LOG.error("%s stopped by a bug", task.get_name(), exc_info=error)
        bug = f"{type(error).__name__}: {error}"
        state.notice(f"{task.get_name()} stopped by a bug ({bug}): restart opsdash")
