"""The historian: every ten seconds what was seen of each host goes into the history."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from math import isfinite
from operator import itemgetter

from opsdash.core.history import FINE, Seen
from opsdash.core.plugin import Collector
from opsdash.core.reading import SampleKey
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


Shape = tuple[str | None, list[int]]
"""A container's kind, and how many samples each reading has."""

Samples = Mapping[SampleKey, float]


class Layout:
    """The metrics of a host that are remembered, and how their values are got.

    All of a collector are fetched by one call: this is done for every host every ten seconds.
    """

    __slots__ = ("_means", "_parts", "keys")

    def __init__(self, keys: tuple[SampleKey, ...], home: Mapping[str, str]) -> None:
        self.keys = keys
        self._parts: list[tuple[str, Callable[[Samples], Iterable[float]]]] = []
        for name, group in groupby(keys, lambda key: home[key[0]]):
            self._parts.append((name, _getter(*group)))
        self._means = [(place, key[0]) for place, key in enumerate(keys) if not key[1]]

    def values(self, state: HostState) -> array[float] | None:
        """The mean of each since the last look; None if one is missing, or no number."""
        readings, series = state.readings, state.series
        found: list[float] = []
        try:
            for name, get in self._parts:
                found += get(readings[name].samples)
        except KeyError:
            return None
        newest = max(1, FINE.seconds // max(1, state.host.interval_s))
        for place, metric in self._means:
            ring = series.get(metric)
            # a gap among them, which is no number: the newest holds
            if ring is not None and (mean := ring.mean(newest)) == mean:
                found[place] = mean
        return array("f", found) if isfinite(sum(found)) else None


def _getter(*keys: SampleKey) -> Callable[[Samples], Iterable[float]]:
    """What gets the values of these keys; KeyError if one is missing."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda samples: (samples[keys[0]],)


NO_LAYOUT = Layout((), {})


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
        self._layouts: dict[tuple[SampleKey, ...], Layout] = {}
        self._layout_of: dict[str, Layout] = {}
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

    async def finish(self) -> None:
        """Remember what was seen since each host's last turn: the next is another's."""
        now = self._clock()
        hosts = self._state.snapshot().hosts.values()
        seen = [one for state in hosts if (one := self.look(state, now)) is not None]
        if seen:
            await self._history.add(seen)

    def look(self, state: HostState, now: float) -> Seen | None:
        """What was seen of a host since the last look; None if nothing was."""
        if state.at <= self._seen_at.get(state.name, now - 2 * FINE.seconds):
            return None
        self._seen_at[state.name] = state.at
        layout, shape = self._layout_of.get(state.name, NO_LAYOUT), _shape(state)
        # to go through all samples costs most: only where there may be others than before
        values = layout.values(state) if shape == self._shapes.get(state.name) else None
        if values is None:
            layout = self._layout_of[state.name] = self._layout(self._kept_keys(state))
            self._shapes[state.name] = shape
            values = layout.values(state)
        if not layout.keys or values is None:
            return None
        return Seen(state.name, int(now) // FINE.seconds * FINE.seconds, layout.keys, values)

    def _layout(self, keys: tuple[SampleKey, ...]) -> Layout:
        """One layout for all hosts that have the same metrics."""
        return self._layouts.setdefault(keys, Layout(keys, self._collector))

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


def _shape(state: HostState) -> Shape:
    """What tells that a host may have other metrics than before."""
    return state.container, [len(one.samples) for one in state.readings.values()]


def next_turn(second: int, now: float) -> tuple[int, float]:
    """The second whose turn is next after that of `second`, and for how long to wait until then.

    Turns that are late are caught up, so that a step misses no host; but after a step of the clock,
    or a sleep of this machine, it goes on from the clock's own time.
    """
    if not second - 1 <= now < second + FINE.seconds:
        second = int(now)
    return second + 1, max(0.0, second + TURN_S - now)


def kept_metrics(collector: Collector) -> frozenset[str]:
    """The metrics of a collector that have a history."""
    return frozenset(metric.name for metric in collector.metrics if metric.has_history)
