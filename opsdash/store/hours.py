"""Hours of the past that have become chunks, as they are read by moment instead of by metric."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from time import monotonic
from typing import Any, overload

from opsdash.core.history import COARSE, HOUR_S, MINUTE
from opsdash.core.reading import SampleKey
from opsdash.store.history_codec import inflated

TELLING = 2
"""Metrics that are looked at to find out in which steps a host was seen."""

TOLD = "cpu.busy_ratio"
"""Every Linux host has it."""

AGAIN_S = 60.0
"""What was missing in an hour is looked for again so many seconds later at the earliest."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is remembered of the metrics of a host: means over `step_s` seconds from `at` on; NaN
    where one is not known.
    """

    at: float
    step_s: float
    keys: tuple[SampleKey, ...]
    values: Sequence[float]


class Hour:
    """An hour that has become chunks, all hosts of it: stepping through it reads it once. A `brief`
    one reads but one metric of each host, which tells when it was seen, where any host has it.
    """

    def __init__(self, *, brief: bool = False) -> None:
        self._brief = brief
        self._of: tuple[sqlite3.Connection, int] | None = None
        self._step_s = COARSE.seconds
        self._read_at = 0.0
        self._hosts: dict[int, Chunks] = {}

    def held(self, db: sqlite3.Connection, host: int, moment: float) -> Held | None:
        """The values of a host in the step that a moment is in, or the last ones before it in
        the same hour.
        """
        start = int(moment) // HOUR_S * HOUR_S
        self.meet(db, start)
        if host not in self._hosts and monotonic() - self._read_at > AGAIN_S:
            self._read(db, start)  # an hour becomes chunks host by host
        chunks = self._hosts.get(host)
        if chunks is None:
            return None
        place = chunks.known((int(moment) - start) // self._step_s, -1)
        if place is None:
            return None
        at = start + place * self._step_s
        return Held(at, self._step_s, chunks.keys, Means(chunks, place))

    def meet(self, db: sqlite3.Connection, start: int) -> None:
        """Be about the hour that begins at `start` (seconds since 1970)."""
        if self._of != (db, start):
            self._read(db, start)
            self._of = (db, start)

    def step(self, moment: float, way: int) -> float | None:
        """The step next to a moment, before it (-1) or after it (1), in which any host was seen;
        None: none of this hour.
        """
        if self._of is None:
            return None
        start = self._of[1]
        place = (int(moment) - start) // self._step_s
        if way > 0 or start + place * self._step_s == moment:
            place += way
        found = [
            one for chunks in self._hosts.values() if (one := chunks.known(place, way)) is not None
        ]
        if not found:
            return None
        return float(start + (max(found) if way < 0 else min(found)) * self._step_s)

    def _read(self, db: sqlite3.Connection, start: int) -> None:
        self._hosts, self._read_at = {}, monotonic()
        for step in (MINUTE, COARSE):
            self._step_s = step.seconds
            where = (step.seconds, start)
            rows = db.execute(f"{_CHUNKS} AND s.metric = ?", (*where, TOLD)) if self._brief else ()
            self._hosts = _by_host(rows) or _by_host(db.execute(_CHUNKS, where))
            if self._hosts:
                return


_CHUNKS = (
    "SELECT s.host, s.metric, s.label, c.data FROM history_series s "
    "JOIN history_chunk c ON c.series = s.id AND c.step_s = ? AND c.start = ? WHERE 1"
)


def _by_host(rows: Iterable[tuple[int, str, str, bytes]]) -> dict[int, Chunks]:
    found: dict[int, dict[SampleKey, bytes]] = {}
    same: dict[object, Any] = {}  # most hosts have the same metrics: their names are kept once
    for host, metric, label, data in rows:
        key = (metric, label)
        found.setdefault(host, {})[same.setdefault(key, key)] = data
    return {host: Chunks(series, same) for host, series in found.items()}


class Chunks:
    """An hour of one host: each metric is unpacked when it is asked for."""

    def __init__(self, series: Mapping[SampleKey, bytes], same: dict[object, Any]) -> None:
        keys = tuple(series)
        self.keys: tuple[SampleKey, ...] = same.setdefault(keys, keys)
        self._packed = tuple(series.values())
        self._means: dict[int, array[float]] = {}

    def means(self, number: int) -> array[float]:
        """The means of one of the keys, by its place among them; NaN is a gap."""
        known = self._means.get(number)
        if known is None:
            values = inflated(self._packed[number])
            known = self._means[number] = values[: len(values) // 3]
        return known

    def known(self, place: int, way: int) -> int | None:
        """The first step in which anything was seen, from `place` on backwards (-1) or forwards;
        None: in none.

        A few metrics tell for all: what is seen of a host is written in one go.
        """
        found = [_known(self.means(n), place, way) for n in range(min(TELLING, len(self.keys)))]
        return max(
            (one for one in found if one is not None), key=lambda one: -way * one, default=None
        )


def _known(means: array[float], place: int, way: int) -> int | None:
    steps = (
        range(min(place, len(means) - 1), -1, -1) if way < 0 else range(max(0, place), len(means))
    )
    return next((step for step in steps if not isnan(means[step])), None)


class Means(Sequence[float]):
    """The values of a host in one step of an hour, in the order of its keys; NaN: not known."""

    def __init__(self, chunks: Chunks, place: int) -> None:
        self._chunks, self._place = chunks, place

    @overload
    def __getitem__(self, number: int) -> float: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[float]: ...

    def __getitem__(self, number: int | slice) -> float | Sequence[float]:
        """The value of one key; IndexError."""
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        means = self._chunks.means(number)
        return means[self._place] if self._place < len(means) else nan

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._chunks.keys)
