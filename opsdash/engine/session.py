"""A fleet being watched: state, judge, poller, store and transports, started and ended together."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable
from dataclasses import replace

from opsdash.core.blame import lists_of
from opsdash.core.discover import checks, collectors
from opsdash.core.event import Event
from opsdash.core.examination import Examination, Say
from opsdash.core.finding import Episode
from opsdash.core.fleet import Fleet
from opsdash.core.history import Holdings, Stretch
from opsdash.core.prompts import Asker
from opsdash.core.reading import SampleKey
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.text import count
from opsdash.engine.comparer import Comparer
from opsdash.engine.doctor import begun, examine, sought
from opsdash.engine.fleet_change import FleetChange, batched, compare
from opsdash.engine.judge import Judge
from opsdash.engine.memory import Memory
from opsdash.engine.poller import Poller, Reach
from opsdash.engine.privilege import Privilege
from opsdash.engine.rhythm import Rhythm
from opsdash.engine.root_script import root_rule
from opsdash.engine.silences import Silences, Told
from opsdash.engine.state import State
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.ways import reachable, transports_for
from opsdash.store.silences import SilenceTable
from opsdash.store.store import Store
from opsdash.transport.open_files import make_room_for

LOG = logging.getLogger(__name__)

GARBAGE_AFTER = (10_000, 20, 20)
"""When Python looks for dead cycles: a sample makes hundreds of objects and none, and with Python's
own figures the search is a twentieth of all work, and a pause of 0.1 s with a thousand hosts."""

LONGEST_END_S = 5.0
"""Whatever still runs so long after it was told to end loses its connections all the same."""

LOOKED_AT_S, BLAMED_S = 10.0, 30.0
"""For how long a host is asked for its processes: after a look at its page; after a finding whose
culprit is among them. A check with no news is asked once a minute, and most with every pulse."""


class Session:
    """A fleet being watched; the FleetSource of every screen and command."""

    def __init__(self, fleet: Fleet, surroundings: Surroundings) -> None:
        self.fleet = fleet
        self._clock, self._lasts = surroundings.clock, surroundings.lasts
        known = collectors().items()
        self._collectors = {
            name: one for name, one in known if surroundings.root or not one.needs_root
        }
        self._checks = checks()
        self._state = State(fleet, self._collectors, self._clock)
        self._store = Store(surroundings.state_dir / "history.db")
        self._known_hosts = surroundings.state_dir / "known_hosts"
        self._given = surroundings.transports
        self._memory = Memory(self._state, self._collectors, self._store, self._clock)
        told = Told(self._judge_all, self._state.notice, self._state.withdraw)
        self.silences = Silences(SilenceTable(self._store), self._clock, told)
        self._asker = Asker(surroundings.prompter)
        self._transports = dict(self._given or {})
        self._open_ways(fleet)
        self._changing = asyncio.Lock()
        self._judge = Judge.over(self._checks, self._collectors)
        self._tasks: list[asyncio.Task[None]] = []
        self._privilege = Privilege(self._asker, self._clock, root_rule())
        self._poller = Poller(
            self._state,
            self._collectors,
            Reach(self._transports, self._privilege),
            self._judge_host,
            Rhythm(self._clock, jump_s=surroundings.jump_s),
        )

    async def start(self) -> None:
        """Recall what earlier runs knew, then begin to poll."""
        LOG.info("watching %s of %s", count(len(self.fleet.hosts), "host"), self.fleet.source)
        self._make_room()
        await self._store.open()
        if self._store.notice:
            self._state.notice(self._store.notice)
        first_seen = await self._store.open_findings()
        known_hosts = await self._store.known_hosts()
        self._judge = Judge.over(self._checks, self._collectors, first_seen, known_hosts)
        self._judge.silence_of = self.silences.of
        await self.silences.begin(self.fleet.alerts_file)
        self._state.seed(await self._store.counters())
        await self._memory.chronicle.begin(first_seen)
        if self._lasts:
            await self._memory.chronicle.started(len(self.fleet.hosts), os.getpid())
        gc.freeze()  # whatever is loaded by now stays loaded
        gc.set_threshold(*GARBAGE_AFTER)
        self._tasks = [
            asyncio.create_task(self._poller.run(list(self.fleet.hosts.values())), name="poller"),
            asyncio.create_task(self._memory.save_findings(), name="saver"),
            asyncio.create_task(self._memory.historian.run(), name="historian"),
            asyncio.create_task(self._memory.chronicle.run(), name="chronicler"),
            asyncio.create_task(self.silences.run(), name="silencer"),
            asyncio.create_task(Comparer(self._state, self._clock).run(), name="comparer"),
        ]
        for task in self._tasks:
            task.add_done_callback(self._stopped)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """A task that ends by itself is a bug of ours: it must show, or old values look new."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            LOG.error("%s stopped by a bug", task.get_name(), exc_info=error)
            bug = f"{type(error).__name__}: {error}"
            self._state.notice(f"{task.get_name()} stopped by a bug ({bug}): restart opsdash")

    async def close(self) -> None:
        """End all polling, leave nothing running anywhere, and remember what was learnt."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LONGEST_END_S)
        self._privilege.forget()
        await self._asker.close()
        await asyncio.gather(*(transport.close() for transport in self._transports.values()))
        if self._tasks:
            await self._memory.save(counters=True)
            await self._memory.chronicle.stopped()
            await self.silences.save()
        await self._store.close()

    async def __aenter__(self) -> Session:
        """Start watching."""
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Stop watching."""
        await self.close()

    @property
    def rev(self) -> int:
        """Grows with every change of any host."""
        return self._state.rev

    @property
    def asking(self) -> bool:
        """Whether a person is being asked something right now."""
        return self._asker.busy

    async def change(self) -> None:
        """Wait until any host has changed."""
        await self._state.change()

    def snapshot(self) -> Snapshot:
        """The whole fleet as it is known now."""
        return self._state.snapshot()

    def changed_since(self, rev: int) -> list[HostState]:
        """The hosts that changed after `rev`."""
        return self._state.changed_since(rev)

    async def change_fleet(self, fleet: Fleet) -> FleetChange:
        """Watch another fleet from now on; whoever is in both is not disturbed.

        A host that is reached in another way now is connected anew, one that is asked in another
        way keeps its connection, and tags and thresholds are just looked at anew.
        """
        async with self._changing:
            before, change = self.fleet, compare(self.fleet, fleet)
            await asyncio.to_thread(self._open_ways, fleet)
            gone = {*change.removed, *change.moved}
            await self._poller.end(gone)
            for way in self._transports.values():
                await way.change_fleet(reachable(fleet), gone)
            self.fleet = fleet
            self._state.change_fleet(before, fleet)
            self._make_room()
            for name in change.removed:
                self._judge.forget(name)
            self._poller.forget(change.removed)
            for names in batched(change.renewed):
                self._poller.renew(names)
                await asyncio.sleep(0)  # a key is answered in between
            for names in batched((*change.added, *change.moved)):
                self._poller.begin(fleet.hosts[name] for name in names)
                await asyncio.sleep(0)
            for names in batched(change.changed):
                for name in names:
                    self._judge.ask_all(name)
                    self._judge_host(name)
                await asyncio.sleep(0)
            await self.silences.follow(fleet.alerts_file)
        LOG.info("the fleet of %s: %s", fleet.source, change)
        return change

    def _open_ways(self, fleet: Fleet) -> None:
        """The ways that a fleet needs and that none before it did."""
        if self._given is None:
            known = self._transports.keys()
            self._transports |= transports_for(fleet, self._known_hosts, self._asker, known)

    def _make_room(self) -> None:
        """Let this process open as many files as the fleet takes, or say that it may not."""
        lacking = make_room_for(sum(host.way.opens_sockets for host in self.fleet.hosts.values()))
        if lacking:
            self._state.notice(lacking)

    def refresh(self, names: tuple[str, ...] = ()) -> None:
        """Ask these hosts again at once; none given: all."""
        for transport in self._transports.values():
            transport.ask_again()
        self._poller.refresh(names or tuple(self.fleet.hosts))

    def want(self, name: str, *collectors: str) -> None:
        """Somebody looks at what these collectors know of a host."""
        self._poller.want(name, collectors, LOOKED_AT_S)

    async def examine(self, name: str, say: Say, *, ask: bool = False) -> Examination:
        """Examine the way to a host, stage by stage, on connections of its own.

        ValueError for a name that can't be one, or that nothing here leads to.
        """
        host, notice = sought(self.fleet, name)
        if host.way not in self._transports:
            await asyncio.to_thread(self._open_ways, replace(self.fleet, hosts={name: host}))
        if host.way not in self._transports:
            raise ValueError(f"{name} is none of these hosts, and nothing else is contacted")
        exam = await begun(self.fleet, host, notice, say)
        await examine(host, self._transports, self._asker, exam, ask=ask)
        return exam

    async def past(self, host: str, key: SampleKey, since: float, until: float) -> Stretch:
        """What a metric of a host was between two times; the disk is read by another thread."""
        return await self._memory.past(host, key, since, until)

    async def holdings(self, host: str) -> Holdings:
        """What is remembered of a host's past."""
        return await self._memory.holdings(host)

    async def events(self, since: float) -> list[Event]:
        """What happened since (seconds since 1970), oldest first."""
        return await self._memory.chronicle.since(since)

    async def episodes(self, host: str) -> list[Episode]:
        """What was wrong with a host, the latest first."""
        return await self._memory.episodes(host)

    def touch(self) -> None:
        """Somebody is at the keyboard."""
        self._privilege.touch()

    def become_root(self, tell: Callable[[str], None] = LOG.info) -> int:
        """Ask for the sudo password and use it; gives how many hosts wait for one, and tells what
        came of it.
        """
        waiting = self._privilege.want(tell)
        self._poller.fetch_as_root(waiting)
        return len(waiting)

    def _judge_host(self, name: str) -> None:
        judgement = self._judge.judge_into(self._state, name, self._clock())
        self._memory.judged(name, judgement)
        if judgement.closed:
            self.silences.closed(judgement.closed)
        if judgement.blaming:
            self._poller.want(name, lists_of(judgement.blaming), BLAMED_S)

    def _judge_all(self) -> None:
        """Other silences: what they change must not wait for news of a host."""
        for state in list(self._state.hosts()):
            if state.findings:
                self._judge_host(state.name)
