"""What a chart knows of the past: read beside the screen, and what came since at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite

from opsdash.core.discover import collectors
from opsdash.core.history import Holdings, Stretch
from opsdash.core.reading import Metric, SampleKey
from opsdash.core.snapshot import HostState
from opsdash.core.source import FleetSource
from opsdash.core.tracks import Track

REREAD_S, REREAD_SELDOM_S = 10.0, 60.0
"""How often the end of a chart that is live is read anew: one of an hour, and a longer one."""

NEWEST = 300
"""Values that came since the last reading and are kept until the next one."""

LATE = 2.5
"""Between two values of a host lie so many of its intervals at most, unless there is a gap."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A metric of some hosts between two times (seconds since 1970)."""

    hosts: tuple[str, ...]
    key: SampleKey
    since: float
    until: float

    def holds(self, other: Wanted) -> bool:
        """Whether it has all of another one, but for what is newer."""
        same = (self.hosts, self.key) == (other.hosts, other.key)
        return same and self.since <= other.since

    def tells_as_much(self, other: Wanted) -> bool:
        """Whether it is no longer than is sensible: a long past is read less finely."""
        return self.until - self.since <= 1.5 * (other.until - other.since)


class ChartPast:
    """The past of the hosts on a chart, as far as it has been read."""

    def __init__(self, source: FleetSource) -> None:
        self._source = source
        self._read: Wanted | None = None
        self._reading: Wanted | None = None
        self._read_at = float("-inf")
        self._tracks: dict[str, Track] = {}
        self._newest: dict[str, list[tuple[float, float]]] = {}
        self._live: dict[str, tuple[Track, list[tuple[float, float]], Track]] = {}
        self.holdings: dict[str, Holdings] = {}

    @property
    def busy(self) -> bool:
        """Whether what is wanted is still being read."""
        return self._reading is not None

    def is_due(self, wanted: Wanted, now: float) -> bool:
        """Whether that must be read now: it is not here, or it has grown since."""
        if self._reading is not None and self._reading.holds(wanted):
            return False
        read = self._read
        if read is None or not read.holds(wanted) or not read.tells_as_much(wanted):
            return True
        pause_s = REREAD_S if wanted.until - wanted.since < 2 * 3600 else REREAD_SELDOM_S
        return wanted.until > read.until and now - self._read_at >= pause_s

    async def read(self, wanted: Wanted, now: float, intervals: Mapping[str, float]) -> None:
        """Read it; what was wanted before stays until this is here."""
        self._reading = wanted
        try:
            tracks = {}
            for host in wanted.hosts:
                stretch = await self._source.past(host, wanted.key, wanted.since, wanted.until)
                tracks[host] = _track(stretch, intervals.get(host, 0.0))
                if host not in self.holdings or now - self._read_at >= REREAD_SELDOM_S:
                    self.holdings[host] = await self._source.holdings(host)
        finally:
            if self._reading is wanted:
                self._reading = None
        if self._read is not None and self._read.key != wanted.key:
            self._newest.clear()
        self._read, self._read_at, self._tracks = wanted, now, tracks

    def note(self, states: Iterable[HostState], key: SampleKey) -> None:
        """Take down what hosts say now: the end of their curves."""
        if self._read is None or self._read.key != key:
            return
        for state in states:
            value = state.value(*key)
            if value is None or not isfinite(value) or not is_kept(state, key[0]):
                continue
            newest = self._newest.setdefault(state.name, [])
            if not newest or state.at > newest[-1][0]:
                newest.append((state.at, value))
                del newest[:-NEWEST]

    def track(self, host: str, key: SampleKey) -> Track | None:
        """A host's curve; None: it has not been read yet."""
        if self._read is None or self._read.key != key or host not in self._tracks:
            return None
        # what was seen before the reading is in what was read
        newest = [one for one in self._newest.get(host, ()) if one[0] > self._read_at]
        made, end = self._live.get(host), newest[-1:]
        if made is None or made[:2] != (self._tracks[host], end):
            made = self._live[host] = (
                self._tracks[host],
                end,
                self._tracks[host].with_newest(newest),
            )
        return made[2]

    def keys(self, states: Sequence[HostState]) -> list[SampleKey]:
        """The metrics of these hosts that have a past, or will have one soon."""
        found = {key for state in states for key in self.holdings.get(state.name, Holdings()).keys}
        for state in states:
            found.update(_kept_now(state))
        return sorted(found, key=_place)


def meant(key: SampleKey, known: Sequence[SampleKey], state: HostState | None) -> SampleKey:
    """The metric that is meant where its label was not typed: the part that has most of it now.

    ``disk`` means file systems, of which the fullest one is meant.
    """
    metric = "filesystem.used_ratio" if key == ("disk", "") else key[0]
    parts = [one for one in known if one[0] == metric]
    if (metric, key[1]) in parts or key[1] or not parts:
        return metric if parts else key[0], key[1]
    now = {label: state.value(metric, label) if state else None for _, label in parts}
    return metric, max(now, key=lambda label: now[label] or 0.0)


def _track(stretch: Stretch, interval_s: float) -> Track:
    return Track(stretch.points, stretch.step_s, LATE * interval_s)


@cache
def remembered() -> dict[str, Metric]:
    """The metrics that have a history, by name."""
    every = (metric for collector in collectors().values() for metric in collector.metrics)
    return {metric.name: metric for metric in every if metric.has_history}


def is_kept(state: HostState, metric: str) -> bool:
    """Whether a metric of a host is its own and has a history."""
    collector = collectors().get(metric.partition(".")[0])
    if collector is None or (state.container and collector.machine_wide):
        return False
    return metric in remembered()


def _kept_now(state: HostState) -> Iterable[SampleKey]:
    kept = remembered()
    for name, reading in state.readings.items():
        collector = collectors().get(name)
        own = collector is not None and not (state.container and collector.machine_wide)
        if own and reading.problem is None:
            yield from (key for key in reading.samples if key[0] in kept)


FIRST = ("cpu.", "memory.", "load.", "filesystem.", "network.", "diskio.", "pressure.")


def _place(key: SampleKey) -> tuple[int, str, bool, str]:
    """What is asked for most comes first; all of a metric before its parts."""
    order = next((n for n, name in enumerate(FIRST) if key[0].startswith(name)), len(FIRST))
    return order, key[0], bool(key[1]), key[1]
