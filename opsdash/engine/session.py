"""A fleet being watched: state, judge, poller, store and transports, started and ended together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from opsdash.core.audit import AuditEntry, Done
from opsdash.core.discover import checks, collectors
from opsdash.core.event import Event
from opsdash.core.examination import Examination, Say
from opsdash.core.finding import Episode
from opsdash.core.fleet import Fleet
from opsdash.core.history import Holdings, Stretch
from opsdash.core.holder import Holder
from opsdash.core.prompts import Asker
from opsdash.core.reading import SampleKey
from opsdash.core.snapshot import Change, HostState, Snapshot
from opsdash.core.text import count
from opsdash.engine.by_hand import ByHand
from opsdash.engine.bystander import Bystander, own_holder
from opsdash.engine.doctor import begun, examine, sought
from opsdash.engine.fleet_change import FleetChange, compare
from opsdash.engine.fleet_hands import FleetHands, Poll
from opsdash.engine.garbage import seldom_collect
from opsdash.engine.poller import Reach
from opsdash.engine.polling import Parts, Polling, report_end
from opsdash.engine.privilege import Privilege
from opsdash.engine.rewind import Rewind
from opsdash.engine.root_script import root_rule
from opsdash.engine.session_look import SessionLook
from opsdash.engine.silences import Silences, Told
from opsdash.engine.state import State
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.turns import Turns, somebody_polls
from opsdash.engine.ways import reachable, transports_for
from opsdash.engine.workshop import Bench, Workshop
from opsdash.store.moments import changes_until
from opsdash.store.silences import SilenceTable
from opsdash.store.stops import Stops
from opsdash.store.store import Store
from opsdash.transport.open_files import make_room_for

LOG = logging.getLogger(__name__)

LOOKED_AT_S = 10.0
"""For how long a host is asked for its processes after a look at its page."""


class Session(ByHand):
    """A fleet being watched; the FleetSource of every screen and command."""

    def __init__(self, fleet: Fleet, surroundings: Surroundings) -> None:
        self.fleet = fleet
        self._around = surroundings
        known = collectors().items()
        self._collectors = {
            name: one for name, one in known if surroundings.root or not one.needs_root
        }
        clock = surroundings.clock
        self._state = State(fleet, self._collectors, clock)
        self._store = Store(surroundings.state_dir / "history.db")
        self._known_hosts = surroundings.state_dir / "known_hosts"
        self._given = surroundings.transports
        state, heard = self._state, lambda one: self._polling.memory.chronicle.silenced(one)
        told = Told(self._judge_all, state.notice, state.withdraw, heard)
        self.silences = Silences(SilenceTable(self._store), surroundings.clock, told)
        self._asker = Asker(surroundings.prompter)
        self._transports = dict(self._given or {})
        self._open_ways(fleet)
        self._changing = asyncio.Lock()
        self._privilege = Privilege(self._asker, surroundings.clock, root_rule())
        reach = Reach(self._transports, self._privilege)
        held = (self._state, self._store, self._collectors)
        self._parts = Parts(*held, reach, self.silences, surroundings)
        self._polling = Polling(self._parts)
        self._bystander = Bystander(self._state, self._store, lambda: self.fleet, clock)
        self._rewind = Rewind(self._store, lambda: self.fleet, checks())
        self._stops = Stops(self._store)
        poll = Poll(lambda: self._polling.poller.live, self.refresh, lambda: self._polling.begun)
        self._hands = FleetHands(lambda: self.fleet, reach, poll)
        self.workshop = Workshop(Bench(self._hands, self._store, surroundings, SessionLook(self)))
        self._turns: Turns | None = None
        self._silencer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Recall what earlier runs knew, then begin to poll, or wait for the turn to do so."""
        LOG.info("watching %s of %s", count(len(self.fleet.hosts), "host"), self.fleet.source)
        self._make_room()
        await self._store.open()
        if self._store.notice:
            self._state.notice(self._store.notice)
        await self.silences.begin(self.fleet.alerts_file)
        self._silencer = asyncio.create_task(self.silences.run(), name="silencer")
        self._silencer.add_done_callback(self._ended)
        seldom_collect()
        role, folder = self._around.role, self._around.state_dir
        if role is None:
            if await somebody_polls(folder, self.fleet.source):
                self._store.fence = lambda: False  # or all would be remembered twice
            await self._polling.begin(self.fleet)
            return
        self._turns = Turns(folder, own_holder(role, self._around.clock(), self.fleet.source), self)
        self._store.fence = lambda: self._turns is None or not self._turns.lost
        await self._turns.start(self._ended)

    async def take_up(self) -> None:
        """Nobody else polls from now on."""
        async with self._changing:
            await self._bystander.end()
            now = self._around.clock()
            nothing: tuple[Change, ...] = ()
            changes = await self._store.read(lambda db: changes_until(db, now), nothing)
            self._state.recall_changes(changes)
            await self._polling.begin(self.fleet, self._turns.died_at if self._turns else None)

    async def hand_over(self, to: Holder | None, *, lost: bool) -> None:
        """Poll no more, with everything written down, unless another writes already."""
        async with self._changing:
            polling, shown = self._polling, self._state.snapshot()
            await polling.end(to, lost=lost)
            self._polling = Polling(self._parts)
            if to is None:
                return
            self._bystander.shown.take(shown.hosts)
            for way in self._transports.values():
                await way.change_fleet(reachable(self.fleet), {*self.fleet.hosts})
            self._state.blank()

    def stand_by(self, holder: Holder | None, silent_s: float) -> None:
        """Another polls: show what it stores."""
        role = self._around.role
        if role is not None and holder is not None:
            self._bystander.stand_by(role, holder, silent_s)

    def _ended(self, task: asyncio.Task[None]) -> None:
        report_end(task, self._state)

    async def close(self) -> None:
        """End all jobs and all polling, leave nothing running, and remember what was learnt."""
        await self.end_work()
        if self._silencer is not None:
            self._silencer.cancel()
            await asyncio.wait([self._silencer])
        await self.forwards.close_all()
        if self._turns is not None:
            await self._turns.stop()
        else:
            await self._polling.end()
        await self._bystander.end()
        self._privilege.forget()
        await self._asker.close()
        await asyncio.gather(*(transport.close() for transport in self._transports.values()))
        if self._silencer is not None:
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
        """The whole fleet as it is known now; what is not known yet, as it was known last."""
        return self._bystander.over(self._state.snapshot())

    def changed_since(self, rev: int) -> list[HostState]:
        """The hosts that changed after `rev`."""
        return [self._bystander.shown.of(state) for state in self._state.changed_since(rev)]

    async def change_fleet(self, fleet: Fleet) -> FleetChange:
        """Watch another fleet from now on; whoever is in both is not disturbed.

        A host that is reached in another way now is connected anew, one that is asked in another
        way keeps its connection, and tags and thresholds are just looked at anew.
        """
        async with self._changing:
            before, change = self.fleet, compare(self.fleet, fleet)
            await asyncio.to_thread(self._open_ways, fleet)
            gone = {*change.removed, *change.moved}
            await self._polling.poller.end(gone)
            for way in self._transports.values():
                await way.change_fleet(reachable(fleet), gone)
            self.fleet = fleet
            self._state.change_fleet(before, fleet)
            self._make_room()
            if self._polling.begun:
                await self._polling.change_fleet(fleet, change)
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
        """Ask these hosts again at once; none given: all. Not while another polls."""
        if not self._polling.begun:
            return
        for transport in self._transports.values():
            transport.ask_again()
        self._polling.poller.refresh(names or tuple(self.fleet.hosts))

    def want(self, name: str, *collectors: str) -> None:
        """Somebody looks at what these collectors know of a host."""
        self._polling.poller.want(name, collectors, LOOKED_AT_S)

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
        return await self._polling.memory.past(host, key, since, until)

    async def holdings(self, host: str) -> Holdings:
        """What is remembered of a host's past."""
        return await self._polling.memory.holdings(host)

    async def events(self, since: float) -> list[Event]:
        """What happened since (seconds since 1970), oldest first."""
        return await self.workshop.with_acts(self._polling.memory.chronicle.since, since)

    async def audited(self, since: float) -> list[AuditEntry]:
        """What the audit log has since then, oldest first."""
        return await self.workshop.audit.entries(since)

    async def episodes(self, host: str) -> list[Episode]:
        """What was wrong with a host, the latest first."""
        return await self._polling.memory.episodes(host)

    async def last_done(self, host: str, since: float) -> list[Done]:
        """What was done on a host from here, the latest first."""
        return await self.workshop.audit.last_done(host, since)

    async def at(self, moment: float) -> Snapshot:
        """The fleet as it was at a moment."""
        return await self._rewind.at(moment)

    async def stop_next_to(self, moment: float, way: int) -> float | None:
        """The stored poll before a moment (-1) or after it (1)."""
        return await self._stops.next_to(moment, way)

    def touch(self) -> None:
        """Somebody is at the keyboard."""
        self._privilege.touch()

    def become_root(self, tell: Callable[[str], None] = LOG.info) -> int:
        """Ask for the sudo password and use it; gives how many hosts wait for one, and tells what
        came of it.
        """
        waiting = self._privilege.want(tell)
        self._polling.poller.fetch_as_root(waiting)
        return len(waiting)

    def _judge_all(self) -> None:
        """Other silences: what they change must not wait for news of a host."""
        if self._polling.begun:
            for state in [one for one in self._state.hosts() if one.findings]:
                self._polling.judge_host(state.name)
