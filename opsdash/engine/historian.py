"""The historian: every ten seconds what was seen of each host goes into the history."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Mapping
from math import isfinite, isnan

from opsdash.core.history import FINE, Seen
from opsdash.core.plugin import Collector
from opsdash.core.reading import MetricKind, SampleKey
from opsdash.core.snapshot import HostState
from opsdash.engine.state import State
from opsdash.store.history import History

TURN_S = 1.0
"""A tenth of the hosts every second: all at once would be felt at the keyboard."""

TURNS = round(FINE.seconds / TURN_S)

COMPACT_EVERY = 60
"""Turns after which it is asked whether an hour is over."""

MOST_KEYS = 256
"""Metrics with labels of one host that are remembered; on a host with more, the first ones."""


Shape = tuple[str | None, tuple[tuple[str, int], ...]]
"""A container's kind, and by collector how many samples its reading has."""


class Historian:
    """Takes down what the state knows; a host of which nothing new came leaves a gap."""

    def __init__(
        self,
        state: State,
        collectors: Mapping[str, Collector],
        history: History,
        clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._history = history
        self._clock = clock
        self._machine_wide = {name for name, one in collectors.items() if one.machine_wide}
        self._kept = {name: kept for name, one in collectors.items() if (kept := kept_metrics(one))}
        self._collector = {metric: name for name, kept in self._kept.items() for metric in kept}
        self._keys: dict[str, tuple[SampleKey, ...]] = {}
        self._shapes: dict[str, Shape] = {}
        self._seen_at: dict[str, float] = {}

    async def run(self) -> None:
        """Take down until cancelled."""
        second, compacting = int(self._clock()), False
        while True:
            second, wait_s = next_turn(second, self._clock())
            await asyncio.sleep(wait_s)
            await self.take_down(second)
            if compacting or second % COMPACT_EVERY == 0:
                compacting = await self._history.compact(self._clock()) > 0

    async def take_down(self, second: int) -> None:
        """Remember the hosts whose turn it is in a second of the clock."""
        hosts = list(self._state.snapshot().hosts.values())[second % TURNS :: TURNS]
        seen = [one for state in hosts if (one := self.look(state, float(second))) is not None]
        if seen:
            await self._history.add(seen)

    def look(self, state: HostState, now: float) -> Seen | None:
        """What was seen of a host since the last look; None if nothing was."""
        if state.at <= self._seen_at.get(state.name, now - 2 * FINE.seconds):
            return None
        self._seen_at[state.name] = state.at
        at = int(now) // FINE.seconds
        keys, shape = self._keys.get(state.name, ()), self._shape(state)
        # to go through all samples costs most: only where there may be others than before
        values = self._values(state, keys) if shape == self._shapes.get(state.name) else None
        if values is None:
            keys = self._keys[state.name] = self._kept_keys(state)
            self._shapes[state.name] = shape
            values = self._values(state, keys)
        if not keys or values is None:
            return None
        return Seen(state.name, at * FINE.seconds, keys, values)

    def _shape(self, state: HostState) -> Shape:
        """What tells that a host has other metrics: how many each collector has, and whose."""
        readings = state.readings
        found = [(name, len(readings[name].samples)) for name in self._kept if name in readings]
        return state.container, tuple(found)

    def _kept_keys(self, state: HostState) -> tuple[SampleKey, ...]:
        """The metrics of a host that are its own and have a history, in the host's order."""
        found: list[SampleKey] = []
        for name, kept in self._kept.items():
            reading = state.readings.get(name)
            if reading is None or reading.problem is not None:
                continue
            if state.container != "" and name in self._machine_wide:
                continue  # the whole machine's, as far as is known: no history of this host
            found += [
                key for key, value in reading.samples.items() if key[0] in kept and isfinite(value)
            ]
        return tuple(found[:MOST_KEYS])

    def _values(self, state: HostState, keys: tuple[SampleKey, ...]) -> array[float] | None:
        """The mean of each of these metrics since the last look; None if one is missing."""
        newest = max(1, FINE.seconds // max(1, state.host.interval_s))
        readings, series, home = state.readings, state.series, self._collector
        found = []
        for key in keys:
            metric, label = key
            value = readings[home[metric]].samples.get(key)
            if value is None:
                return None
            if not label and metric in series:
                mean = series[metric].mean(newest)
                value = value if isnan(mean) else mean  # a gap among them: the newest holds
            found.append(value)
        return array("f", found) if isfinite(sum(found)) else None


def next_turn(second: int, now: float) -> tuple[int, float]:
    """The second whose turn is next after that of `second`, and for how long to wait until then.

    Turns that are late are caught up, so that a step misses no host; but after a step of the clock,
    or a sleep of this machine, it goes on from the clock's own time.
    """
    if not second - 1 <= now < second + FINE.seconds:
        second = int(now)
    return second + 1, max(0.0, second + TURN_S - now)


def kept_metrics(collector: Collector) -> frozenset[str]:
    """The metrics of a collector that have a history: a counter has none, but its rate may."""
    return frozenset(
        metric.name
        for metric in collector.metrics
        if (metric.kept or metric.recent) and metric.kind is MetricKind.GAUGE
    )
