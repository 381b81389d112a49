"""The past of a metric: points that sum up what was seen, and how finely for how long."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan, nan

from opsdash.core.reading import SampleKey

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Point:
    """What a metric was from `at` (seconds since 1970) on, for as long as a step of its series.

    The mean, the least and the most of what was seen then. Where nothing was seen there is no
    point: a gap is never drawn over.
    """

    at: float
    mean: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Step:
    """How finely the past is remembered: a point every `seconds`, for `kept_s` seconds."""

    seconds: int
    kept_s: int


FINE = Step(10, HOUR_S)
MINUTE = Step(60, DAY_S)
COARSE = Step(300, 30 * DAY_S)
STEPS = (FINE, MINUTE, COARSE)
"""From fine to coarse."""


def step_for(span_s: float) -> Step:
    """The finest step that is kept for so long; the coarsest for whatever is longer."""
    return next((step for step in STEPS if span_s <= step.kept_s), COARSE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one host in a step that begins at `at`.

    `values` has three floats for each of `keys`: mean, least and most.
    """

    host: str
    at: int
    keys: tuple[SampleKey, ...]
    values: array[float]


class Series:
    """The points of one metric while they are gathered, in the order of time."""

    __slots__ = ("_leasts", "_means", "_mosts", "_times")

    def __init__(self) -> None:
        self._times: list[int] = []
        self._means, self._leasts, self._mosts = array("f"), array("f"), array("f")

    def extend(self, times: Sequence[int], values: array[float], place: int, width: int) -> None:
        """Points of rows that have `width` metrics each, of which this is the one at `place`."""
        self._times.extend(times)
        self._means += values[3 * place :: 3 * width]
        self._leasts += values[3 * place + 1 :: 3 * width]
        self._mosts += values[3 * place + 2 :: 3 * width]

    def add(self, point: Point) -> None:
        """One more point."""
        self._times.append(int(point.at))
        self._means.append(point.mean)
        self._leasts.append(point.least)
        self._mosts.append(point.most)

    def points(self, step_s: int) -> list[Point]:
        """The points summed up by steps that begin at whole multiples of `step_s` seconds."""
        found: list[Point] = []
        begin, count = 0, len(self._times)
        while begin < count:
            at = self._times[begin] // step_s * step_s
            end = begin + 1
            while end < count and at <= self._times[end] < at + step_s:
                end += 1
            found.append(self._sum_up(at, begin, end))
            begin = end
        return found

    def _sum_up(self, at: int, begin: int, end: int) -> Point:
        if end - begin == 1:
            return Point(at, self._means[begin], self._leasts[begin], self._mosts[begin])
        mean = sum(self._means[begin:end]) / (end - begin)
        return Point(at, mean, min(self._leasts[begin:end]), max(self._mosts[begin:end]))


def by_key(rows: Iterable[Seen]) -> dict[SampleKey, Series]:
    """The rows of one host, oldest first, as a series for each metric."""
    found: dict[SampleKey, Series] = {}
    run: list[Seen] = []
    for row in rows:
        if run and run[0].keys != row.keys:
            _gather(run, found)
            run = []
        run.append(row)
    if run:
        _gather(run, found)
    return found


def _gather(run: Sequence[Seen], found: dict[SampleKey, Series]) -> None:
    """Rows with the same metrics: cut out metric by metric, not value by value."""
    times = [row.at for row in run]
    together = array("f")
    for row in run:
        together += row.values
    for place, key in enumerate(run[0].keys):
        found.setdefault(key, Series()).extend(times, together, place, len(run[0].keys))


def summed_up(rows: Sequence[Seen], at: int) -> Seen:
    """Rows of one host as a single one that begins at `at`; None of them may be missing."""
    host, keys = rows[0].host, rows[-1].keys
    if any(row.keys != keys for row in rows):
        series = by_key(rows)
        keys = tuple(series)
        span_s = rows[-1].at - at + 1
        values = array("f")
        for one in series.values():
            point = one.points(max(span_s, at + span_s))[0]
            values.extend((point.mean, point.least, point.most))
        return Seen(host, at, keys, values)
    together = array("f")
    for row in rows:
        together += row.values
    width, count = 3 * len(keys), len(rows)
    values = array("f")
    for place in range(0, width, 3):
        values.append(sum(together[place::width]) / count)
        values.append(min(together[place + 1 :: width]))
        values.append(max(together[place + 2 :: width]))
    return Seen(host, at, keys, values)


def packed(points: Iterable[Point], start: int, step_s: int, span_s: int) -> array[float]:
    """Points of a span as means, then leasts, then mosts, with NaN where there is none."""
    count = span_s // step_s
    values = array("f", [nan]) * (3 * count)
    for point in points:
        place = (int(point.at) - start) // step_s
        if 0 <= place < count:
            values[place], values[count + place] = point.mean, point.least
            values[2 * count + place] = point.most
    return values


def unpacked(values: array[float], start: int, step_s: int) -> list[Point]:
    """The points that packed() put away."""
    count = len(values) // 3
    return [
        Point(start + place * step_s, mean, values[count + place], values[2 * count + place])
        for place, mean in enumerate(values[:count])
        if not isnan(mean)
    ]
