"""The historian: every ten seconds what was seen of each host goes into the history."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Mapping
from math import isfinite, isnan

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

LOOK_FOR_KEYS = 6
"""Metrics that a host did not have before are looked for every so manieth time: all its samples
must be gone through for that."""

MOST_KEYS = 256
"""Metrics with labels of one host that are remembered; on a host with more, the first ones."""


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
        self._seen_at: dict[str, float] = {}

    async def run(self) -> None:
        """Take down until cancelled."""
        turn, compacting = 0, False
        while True:
            await asyncio.sleep(TURN_S)
            await self.take_down(turn % TURNS)
            turn += 1
            if compacting or turn % COMPACT_EVERY == 0:
                compacting = await self._history.compact(self._clock()) > 0

    async def take_down(self, turn: int) -> None:
        """Remember the hosts whose turn it is."""
        now = self._clock()
        hosts = list(self._state.snapshot().hosts.values())[turn::TURNS]
        seen = [one for state in hosts if (one := self.look(state, now)) is not None]
        if seen:
            await self._history.add(seen)

    def look(self, state: HostState, now: float) -> Seen | None:
        """What was seen of a host since the last look; None if nothing was."""
        if state.at <= self._seen_at.get(state.name, now - 2 * FINE.seconds):
            return None
        self._seen_at[state.name] = state.at
        at = int(now) // FINE.seconds
        keys = self._keys.get(state.name, ())
        values = self._values(state, keys) if keys and at % LOOK_FOR_KEYS else None
        if values is None:
            keys = self._keys[state.name] = self._kept_keys(state)
            values = self._values(state, keys)
        if not keys or values is None:
            return None
        return Seen(state.name, at * FINE.seconds, keys, values)

    def _kept_keys(self, state: HostState) -> tuple[SampleKey, ...]:
        """The metrics of a host that are its own and have a history, in the host's order."""
        found: list[SampleKey] = []
        for name, kept in self._kept.items():
            reading = state.readings.get(name)
            if reading is None or reading.problem is not None:
                continue
            if state.container and name in self._machine_wide:
                continue  # the whole machine's: no history of this host
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


def kept_metrics(collector: Collector) -> frozenset[str]:
    """The metrics of a collector that have a history."""
    return frozenset(metric.name for metric in collector.metrics if metric.has_history)
