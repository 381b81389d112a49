"""The latest that is known of every host, with a revision for whoever wants only what changed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from opsdash.core.finding import Finding
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.plugin import Collector, Tier, attempt
from opsdash.core.reading import Reading
from opsdash.core.series import Ring
from opsdash.core.snapshot import Change, HostState, Link, Login, Outlier, Snapshot
from opsdash.core.text import clean_line
from opsdash.engine.host_time import passed_s
from opsdash.engine.trends import followed

RECENT_S = 600
"""Ten minutes of the metrics that are marked as recent stay in memory."""

MAX_RING = 300

CHANGES = 200
"""Changes of health that are remembered: a screen's worth, many times over."""

MISSED_FACTS = 3
"""Rates of facts are worked out over so many of their periods at most."""


class State:
    """Written by the engine alone, in one event loop; read by anybody, as frozen values."""

    def __init__(
        self, fleet: Fleet, collectors: Mapping[str, Collector], clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._collectors = collectors
        self._recent = {
            name: tuple(metric.name for metric in collector.metrics if metric.recent)
            for name, collector in collectors.items()
        }
        self._followed = {
            name: tuple(metric for metric in collector.metrics if metric.trend)
            for name, collector in collectors.items()
        }
        self._source = fleet.source
        self._read_only = fleet.read_only
        self._hosts = {name: HostState(host) for name, host in fleet.hosts.items()}
        self._good: dict[str, dict[str, tuple[Reading, Reading]]] = {
            name: {} for name in fleet.hosts
        }
        self._changes: deque[Change] = deque(maxlen=CHANGES)
        self._settled: set[str] = set()
        self.notices: tuple[str, ...] = fleet.notices
        self.clock_ahead_s = 0.0  # of `clock`, before the time that clocks are held against
        self.rev = 0
        self._stirred = asyncio.Event()

    async def change(self) -> None:
        """Wait until anything changes."""
        self._stirred.clear()
        await self._stirred.wait()

    def host(self, name: str) -> HostState:
        """What is known of one host."""
        return self._hosts[name]

    def hosts(self) -> Iterable[HostState]:
        """What is known of each host."""
        return self._hosts.values()

    def snapshot(self) -> Snapshot:
        """What is known of the fleet now; later changes do not show in it."""
        hosts = MappingProxyType(dict(self._hosts))
        changes = tuple(self._changes)
        found = Snapshot(self.rev, self._clock(), hosts, self._source, self.notices, changes)
        return replace(found, read_only=self._read_only)

    def changed_since(self, rev: int) -> list[HostState]:
        """The hosts that changed after `rev`."""
        return [state for state in self._hosts.values() if state.rev > rev]

    def change_fleet(self, before: Fleet, after: Fleet) -> None:
        """Hold the hosts of another fleet: of those that stay all that is known stays, too."""
        said = tuple(notice for notice in self.notices if notice not in before.notices)
        self.notices = after.notices + said
        self._source, self._read_only = after.source, after.read_only
        self.rev += 1
        held, self._hosts = self._hosts, {}
        for name, host in after.hosts.items():
            known = held.get(name, HostState(host, self.rev))
            stays = known.host == host
            self._hosts[name] = known if stays else replace(known, host=host, rev=self.rev)
        self._good = {name: self._good.get(name, {}) for name in self._hosts}
        self._settled &= self._hosts.keys()
        kept = [change for change in self._changes if change.host in self._hosts]
        self._changes = deque(kept, maxlen=CHANGES)
        self._stirred.set()

    def blank(self) -> None:
        """Others know better by now, or have news: nothing is known of any host here."""
        self.rev += 1
        self._hosts = {name: HostState(one.host, self.rev) for name, one in self._hosts.items()}
        self._good = {name: {} for name in self._hosts}
        self._settled.clear()
        self._stirred.set()

    def recall_changes(self, changes: Sequence[Change]) -> None:
        """The changes of health that were seen before this turn, the newest first."""
        known = [one for one in changes if one.host in self._hosts]
        self._changes = deque(known[:CHANGES], maxlen=CHANGES)

    def seed(self, readings: Iterable[Reading]) -> None:
        """Counters of an earlier run, so that the first pulse of this one already has rates."""
        by_host: dict[str, list[Reading]] = {}
        for reading in readings:
            by_host.setdefault(reading.host, []).append(reading)
        for name, said in by_host.items():
            if name in self._good:
                self._keep(name, {reading.collector: reading for reading in said})

    def recall(self, readings: Iterable[Reading]) -> None:
        """What hosts said before this run, oldest first: their trends begin with it."""
        for reading in readings:
            state = self._hosts[reading.host]
            trends = followed(state.trends, self._followed[reading.collector], reading)
            self._put(state, trends=trends)

    def notice(self, text: str) -> None:
        """Something about the whole program that the user must know, said once."""
        text = clean_line(text, 200)
        if text not in self.notices:
            self.notices += (text,)
            self.rev += 1

    def withdraw(self, text: str) -> None:
        """What a notice said is over."""
        kept = tuple(notice for notice in self.notices if notice != clean_line(text, 200))
        if kept != self.notices:
            self.notices = kept
            self.rev += 1

    @property
    def names(self) -> tuple[str, ...]:
        """All hosts that are being watched, in the fleet's order."""
        return tuple(self._hosts)

    def knows(self, name: str) -> bool:
        """Whether a host of this name is being watched: it has a row of its own."""
        return name in self._hosts

    def set_link(self, name: str, link: Link) -> None:
        """How the connection to a host stands now."""
        if self._hosts[name].link != link:
            self._put(self._hosts[name], link=link)

    def set_login(self, name: str, login: Login | None) -> None:
        """What the last login probe found; None: a new connection has answered the question."""
        if self._hosts[name].login != login:
            self._put(self._hosts[name], login=login)

    def set_host_key(self, name: str, host_key: str) -> None:
        """Which key the host has proved to have."""
        if self._hosts[name].host_key != host_key:
            self._put(replace(self._hosts[name], host_key=host_key))

    def set_judgement(self, name: str, health: Health, findings: tuple[Finding, ...]) -> None:
        """What the judge says of a host."""
        state = self._hosts[name]
        if state.health is not health or state.findings != findings:
            after = self._put(state, health=health, findings=findings)
            if state.health is not health:
                self._note_change(state, after)

    def set_odd(self, name: str, odd: tuple[Outlier, ...]) -> None:
        """What of a host is unlike its peers."""
        if self._hosts[name].odd != odd:
            self._put(self._hosts[name], odd=odd)

    def _note_change(self, before: HostState, after: HostState) -> None:
        """A change of health is news, but not the first health that a host was found in."""
        if before.name not in self._settled:
            if after.health is not Health.UNKNOWN:
                self._settled.add(before.name)
            return
        why = (after if after.health > before.health else before).why
        summary = why.summary if why else ""
        change = Change(self._clock(), before.name, before.health, after.health, summary)
        self._changes.appendleft(change)

    def take(self, name: str, readings: Iterable[Reading], *, by_host: bool = True) -> None:
        """Take in what a host delivered, rates worked out from the reading before.

        What is known of it not `by_host` is no sign that it lives.
        """
        state = self._hosts[name]
        latest = dict(state.readings)
        incoming = {reading.collector: reading for reading in readings}
        gap = self._passed_s(state, "uptime", incoming.get("uptime")) is None
        at, trends = state.at, state.trends
        for collector_name, reading in incoming.items():
            reading = self._with_rates(state, reading, incoming.get("uptime"))
            latest[collector_name] = reading
            if self._followed[collector_name]:
                trends = followed(trends, self._followed[collector_name], reading)
            if by_host and reading.problem is None:
                at = max(at, reading.at)  # what failed is no sign of life
        self._keep(name, {collector: latest[collector] for collector in incoming})
        series = self._with_series(state, incoming, latest, gap=gap)
        container = state.container
        if "os" in incoming and incoming["os"].rows:
            container = str(incoming["os"].rows[0].get("container") or "")
        self._put(state, readings=latest, at=at, series=series, trends=trends, container=container)

    def _keep(self, name: str, readings: Mapping[str, Reading]) -> None:
        """The last good reading of each collector, beside the one that tells when it was taken.

        What failed takes no place there: the next rates go from the last that is known.
        """
        uptime = readings.get("uptime")
        for collector_name, reading in readings.items():
            collector = self._collectors.get(collector_name)  # an earlier run may have had others
            if collector is None or (collector.derive is None and collector_name != "uptime"):
                continue
            timed = reading if collector.tier is not Tier.PULSE else uptime
            if timed is not None and timed.problem is None and reading.problem is None:
                self._good[name][collector_name] = reading, timed

    def _with_rates(self, state: HostState, reading: Reading, uptime: Reading | None) -> Reading:
        """A reading with its rates: over the pulse's time, or over its own where it is a fact."""
        collector = self._collectors[reading.collector]
        derive = collector.derive
        if derive is None or reading.problem or reading.collector not in self._good[state.name]:
            return reading
        before, _ = self._good[state.name][reading.collector]
        timed = reading if collector.tier is not Tier.PULSE else uptime
        elapsed_s = self._passed_s(state, reading.collector, timed)
        if elapsed_s is None:
            return reading
        rates = attempt(lambda: derive(before, reading, elapsed_s))
        if isinstance(rates, str):
            return reading  # a bug in one plug-in costs its rates: they stay unknown
        return reading.also(rates)

    def _passed_s(
        self, state: HostState, collector_name: str, timed: Reading | None
    ) -> float | None:
        """Seconds of the host's own time since a collector was last read well, until a reading
        that tells the time; None where that can't be told.
        """
        collector = self._collectors.get(collector_name)
        _, before = self._good[state.name].get(collector_name, (None, None))
        if collector is not None and collector.tier is not Tier.PULSE:
            return passed_s(before, timed, MISSED_FACTS * collector.every_s)
        return passed_s(before, timed, self._longest_s(state))

    @staticmethod
    def _longest_s(state: HostState) -> float:
        """A rate over more seconds than this is an average of the past, not what is now."""
        return max(30.0, 3.0 * state.host.interval_s)

    def _with_series(
        self,
        state: HostState,
        incoming: Mapping[str, Reading],
        latest: Mapping[str, Reading],
        *,
        gap: bool,
    ) -> Mapping[str, Ring]:
        """The recent values, with a hole where the host was away for a while."""
        series = state.series
        for collector_name in incoming:
            for metric in self._recent[collector_name]:
                ring = series.get(metric)
                if ring is None:
                    size = min(MAX_RING, RECENT_S // max(1, state.host.interval_s))
                    ring = Ring(max(16, size))
                    series = {**series, metric: ring}
                elif gap:
                    ring.append(None)
                ring.append(latest[collector_name].get(metric))
        return series

    def _put(self, before: HostState, **changes: Any) -> HostState:
        """The next state of a host: as before but for these fields, and of a new revision."""
        self.rev += 1
        after = self._hosts[before.host.name] = replace(before, rev=self.rev, **changes)
        self._stirred.set()
        return after
