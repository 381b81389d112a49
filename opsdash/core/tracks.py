"""The past of a metric as a chart draws it: summed up by columns, so that no spike is left out."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opsdash.core.history import Point

MISSED = 2.0
"""So many steps apart two points are still no gap: one of them may come a little late."""


class Column(NamedTuple):
    """What a metric was in the span of one column."""

    mean: float
    least: float
    most: float


Columns = Sequence[Column | None]
"""From left to right; None is a gap."""


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """The columns of a chart: when the first begins, how long each is (seconds), how many."""

    since: float
    column_s: float
    count: int

    @property
    def until(self) -> float:
        """When the last column ends."""
        return self.since + self.column_s * self.count

    def column_at(self, at: float) -> int:
        """The column that holds a moment; below 0, or `count` and more: none of these."""
        return int((at - self.since) // self.column_s)


@dataclass(frozen=True, slots=True)
class Summary:
    """A metric over a span: mean, least and most and when that was, and how much of the span is
    known (0 to 1).
    """

    mean: float
    least: float
    most: float
    least_at: float
    most_at: float
    known: float


class Track:
    """Points of one metric, oldest first, each of which holds for a step, or up to the next one if
    that is no more than `bridge_s` seconds away.
    """

    __slots__ = ("_known", "bridge_s", "leasts", "means", "mosts", "step_s", "times")

    def __init__(self, points: Iterable[Point], step_s: float, bridge_s: float = 0.0) -> None:
        self._known: tuple[TimeGrid, int, list[Column | None]] | None = None
        self.step_s = step_s
        self.bridge_s = max(bridge_s, MISSED * step_s)
        # a clock that was set back between two runs has written some times twice
        ordered = sorted(points, key=lambda point: point.at)
        self.times = array("d", [point.at for point in ordered])
        self.means = array("f", [point.mean for point in ordered])
        self.leasts = array("f", [point.least for point in ordered])
        self.mosts = array("f", [point.most for point in ordered])

    def with_newest(self, newest: Iterable[tuple[float, float]]) -> Track:
        """The same and what was seen after its last point: (seconds since 1970, value)."""
        end = self.times[-1] if self.times else float("-inf")
        later = [(at, value) for at, value in newest if at > end]
        if not later:
            return self
        made = Track((), self.step_s, self.bridge_s)
        values = array("f", [value for _, value in later])
        made.times = self.times + array("d", [at for at, _ in later])
        made.means, made.leasts = self.means + values, self.leasts + values
        made.mosts = self.mosts + values
        return made

    def _held_until(self, place: int) -> float:
        """How long a point holds."""
        at = self.times[place]
        if place + 1 < len(self.times) and self.times[place + 1] - at <= self.bridge_s:
            return self.times[place + 1]
        return at + self.step_s

    def columns(self, grid: TimeGrid, now: float) -> list[Column | None]:
        """Summed up by columns: the mean of means, the least and the most of all.

        The last columns are remembered: screens draw the same ones again and again.
        """
        here = grid.column_at(now)
        if self._known is None or self._known[:2] != (grid, here):
            self._known = grid, here, self._summed_up(grid, now)
        return self._known[2]

    def _summed_up(self, grid: TimeGrid, now: float) -> list[Column | None]:
        times, found = self.times, list[Column | None]()
        place = bisect_left(times, grid.since)
        for number in range(grid.count):
            begin = grid.since + number * grid.column_s
            stop = bisect_left(times, begin + grid.column_s, place)
            if stop - place == 1:
                found.append(self._column(place))
            elif stop > place:
                mean = sum(self.means[place:stop]) / (stop - place)
                least, most = min(self.leasts[place:stop]), max(self.mosts[place:stop])
                found.append(Column(mean, least, most))
            elif place and begin < now and self._held_until(place - 1) > begin:
                found.append(self._column(place - 1))
            else:
                found.append(None)
            place = stop
        return found

    def _column(self, place: int) -> Column:
        return Column(self.means[place], self.leasts[place], self.mosts[place])

    def summary(self, grid: TimeGrid, columns: Columns) -> Summary | None:
        """What the points in these columns come to; None: there is none."""
        known = [(place, column) for place, column in enumerate(columns) if column is not None]
        if not known:
            return None
        lowest = min(known, key=lambda one: one[1].least)
        highest = max(known, key=lambda one: one[1].most)
        return Summary(
            sum([column.mean for _, column in known]) / len(known),
            lowest[1].least,
            highest[1].most,
            self._when(self.leasts, lowest[1].least, grid, lowest[0]),
            self._when(self.mosts, highest[1].most, grid, highest[0]),
            len(known) / len(columns),
        )

    def _when(self, values: array[float], value: float, grid: TimeGrid, place: int) -> float:
        """When a value was seen that stands in a column: there, or before if it only holds."""
        first = max(0, bisect_left(self.times, grid.since + place * grid.column_s) - 1)
        last = bisect_left(self.times, grid.since + (place + 1) * grid.column_s)
        found = (at for at in range(last - 1, first - 1, -1) if values[at] == value)
        return self.times[next(found, first)]
