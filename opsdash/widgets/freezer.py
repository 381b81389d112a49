"""A fleet that can be held still, or shown as it was, while polling goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import MappingProxyType

from opsdash.core.audit import AuditEntry, Done
from opsdash.core.event import Event
from opsdash.core.examination import Examination, Say
from opsdash.core.finding import Episode
from opsdash.core.forward import Forwarder
from opsdash.core.history import Holdings, Stretch
from opsdash.core.jobs import Jobs
from opsdash.core.logs import Logs
from opsdash.core.reading import SampleKey
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.core.silence import Silence
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.source import FleetSource, Silencer
from opsdash.core.walks import Walks


class Freezer:
    """A FleetSource that shows its source, or the moment at which it was frozen.

    `now` is the time that goes with what is shown: while frozen it stands still, so that ages do
    not grow on figures that nobody renews.
    """

    def __init__(self, source: FleetSource, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._held: Snapshot | None = None
        self._held_at = 0.0
        self._past = False

    @property
    def frozen(self) -> bool:
        """Whether a moment is being held."""
        return self._held is not None

    @property
    def in_past(self) -> bool:
        """Whether a moment is shown out of the store, in which nothing can be asked or changed."""
        return self._past

    def toggle(self) -> None:
        """Hold this moment, or go on."""
        if self._held is not None:
            self.release()
        else:
            self._held_at = self._clock()
            self._held = _still(self._source.snapshot())

    def release(self) -> None:
        """Go on: what is shown is live again."""
        self._held, self._past = None, False

    def show(self, past: Snapshot) -> None:
        """Hold a moment of the past."""
        self._held, self._held_at, self._past = past, past.at, True

    def now(self) -> float:
        """The time of what is shown, in seconds since 1970."""
        return self._held_at if self._held is not None else self._clock()

    def held_s(self) -> float:
        """Seconds since the moment that is held; 0 while live."""
        return self._clock() - self._held_at if self._held is not None else 0.0

    def missed(self) -> int:
        """How many hosts are in another health, or have another first reason, than is shown;
        whoever came or went is among them.
        """
        if self._held is None:
            return 0
        live, held = self._source.snapshot().hosts, self._held.hosts
        names = live.keys() | held.keys()
        return sum(_said(live.get(name)) != _said(held.get(name)) for name in names)

    @property
    def rev(self) -> int:
        """The revision that is shown."""
        return self._source.rev if self._held is None else self._held.rev

    def snapshot(self) -> Snapshot:
        """The fleet as it is shown."""
        return self._source.snapshot() if self._held is None else self._held

    def changed_since(self, rev: int) -> list[HostState]:
        """The hosts that changed after `rev`; none while frozen."""
        if self._held is not None:
            return [state for state in self._held.hosts.values() if state.rev > rev]
        return self._source.changed_since(rev)

    def refresh(self, names: tuple[str, ...] = ()) -> None:
        """Ask these hosts again at once."""
        if not self._past:
            self._source.refresh(names)

    async def examine(self, name: str, say: Say, *, ask: bool = False) -> Examination:
        """Examine the way to a host, as it is now."""
        return await self._source.examine(name, say, ask=ask)

    async def past(self, host: str, key: SampleKey, since: float, until: float) -> Stretch:
        """What was: that stands still by itself."""
        return await self._source.past(host, key, since, until)

    async def holdings(self, host: str) -> Holdings:
        """What is remembered of a host's past."""
        return await self._source.holdings(host)

    async def events(self, since: float) -> list[Event]:
        """What happened: while frozen, until then."""
        return [one for one in await self._source.events(since) if one.at <= self.now()]

    async def audited(self, since: float) -> list[AuditEntry]:
        """What was done: while frozen, until then."""
        return [one for one in await self._source.audited(since) if one.at <= self.now()]

    @property
    def logs(self) -> Logs:
        """Lines come whatever is shown; the page of logs stands still by itself."""
        return self._source.logs

    @property
    def jobs(self) -> Jobs:
        """What runs goes on, whatever is shown."""
        return self._source.jobs

    @property
    def walks(self) -> Walks:
        """What is worked through goes on, whatever is shown."""
        return self._source.walks

    @property
    def silences(self) -> Silencer:
        """The acks, mutes and maintenance windows, as they are now, or as far as they are known of
        the moment of the past that is shown.
        """
        if self._held is None or not self._past:
            return self._source.silences
        return PastSilences(self._source.silences, self._held)

    async def episodes(self, host: str) -> list[Episode]:
        """What was wrong with a host: in the past, until then."""
        found = await self._source.episodes(host)
        if not self._past:
            return found
        return [_until(one, self._held_at) for one in found if one.since <= self._held_at]

    async def last_done(self, host: str, since: float) -> list[Done]:
        """What was done on a host: while frozen, until then."""
        found = await self._source.last_done(host, since)
        return [one for one in found if one.at <= self.now()]

    async def at(self, moment: float) -> Snapshot:
        """The fleet as it was at a moment."""
        return await self._source.at(moment)

    async def stop_next_to(self, moment: float, way: int) -> float | None:
        """The stored poll before a moment (-1) or after it (1)."""
        return await self._source.stop_next_to(moment, way)

    @property
    def forwards(self) -> Forwarder:
        """The forwarded ports, as they are now."""
        return self._source.forwards

    async def shell(self, name: str) -> ShellCommand:
        """What gives a person a shell on a host, as it is now."""
        return await self._source.shell(name)

    async def shell_ended(self, command: ShellCommand, ended: ShellEnd) -> None:
        """Such a shell has ended."""
        await self._source.shell_ended(command, ended)

    def touch(self) -> None:
        """Somebody is at the keyboard."""
        self._source.touch()

    def want(self, name: str, *collectors: str) -> None:
        """Look closely at a host, unless what is shown stands still."""
        if self._held is None:
            self._source.want(name, *collectors)

    def become_root(self, tell: Callable[[str], None]) -> int:
        """Ask for the sudo password; `tell` hears what came of it."""
        return self._source.become_root(tell)


class PastSilences:
    """The silences of a moment of the past; nothing can be silenced then any more."""

    def __init__(self, live: Silencer, held: Snapshot) -> None:
        self._live = live
        self._held = held

    def in_force(self) -> tuple[Silence, ...]:
        """Those that silence a finding of that moment, and those that were there and still are."""
        now = self._held.at
        known = {one.id: one for one in self._live.in_force() if one.at <= now < one.until}
        for state in self._held.hosts.values():
            known |= {f.silence.id: f.silence for f in state.findings if f.silence is not None}
        return tuple(sorted(known.values(), key=lambda one: (one.until, one.id)))

    def add(self, silences: Iterable[Silence]) -> None:
        """Nothing: what has been can't be silenced."""

    def end(self, ids: Iterable[str]) -> None:
        """Nothing."""


def _until(episode: Episode, moment: float) -> Episode:
    """What had not ended by a moment still was there."""
    ended = episode.until is not None and episode.until <= moment
    return episode if ended else replace(episode, until=None)


def _still(snapshot: Snapshot) -> Snapshot:
    """The same moment without anything that goes on growing: series and trends are live."""
    hosts = {name: _still_host(state) for name, state in snapshot.hosts.items()}
    return replace(snapshot, hosts=MappingProxyType(hosts))


def _still_host(state: HostState) -> HostState:
    trends = {
        metric: {label: trend.copy() for label, trend in found.items()}
        for metric, found in state.trends.items()
    }
    series = {metric: ring.copy() for metric, ring in state.series.items()}
    return replace(state, series=series, trends=trends)


def _said(state: HostState | None) -> tuple[object, ...]:
    if state is None:
        return ()
    why = state.why
    return (state.health, why.check if why else "", why.subject if why else "")
