"""The past of a metric: points that sum up what was seen, and how finely for how long."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isnan, nan

from opsdash.core.reading import SampleKey

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Point:
    """What a metric was from `at` (seconds since 1970) on, for as long as a step of its series.

    The mean, the least and the most of what was seen then, where means of ten seconds are the
    finest that is remembered. Where nothing was seen there is no point: a gap is never drawn over.
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
class Stretch:
    """A part of the past of a metric: its points, oldest first, each of which holds for a step."""

    step_s: float
    points: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is remembered of a host: metrics with their labels, and since when (seconds since 1970);
    None: nothing is. `notice` says why no more is, where the store failed.
    """

    keys: tuple[SampleKey, ...] = ()
    since: float | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one host in a step that begins at `at`: a mean for each of `keys`."""

    host: str
    at: int
    keys: tuple[SampleKey, ...]
    values: array[float]


@dataclass(slots=True)
class Series:
    """One metric over time: times that only grow, and as many values."""

    times: list[int] = field(default_factory=list)
    values: array[float] = field(default_factory=lambda: array("f"))

    def points(self, step_s: int) -> list[Point]:
        """The values summed up by steps that begin at whole multiples of `step_s` seconds."""
        return summed_up(self.values, steps_in(self.times, step_s))


Steps = list[tuple[int, int, int]]
"""When a step begins, and the places of its first value and of the one behind its last."""


def steps_in(times: Sequence[int], step_s: int) -> Steps:
    """The steps that hold some of these times, which only grow."""
    found: Steps = []
    begin, count = 0, len(times)
    while begin < count:
        at = times[begin] // step_s * step_s
        end = bisect_left(times, at + step_s, begin)
        found.append((at, begin, end))
        begin = end
    return found


def summed_up(values: array[float], steps: Steps) -> list[Point]:
    """Values as a point for each step: their mean, the least, the most."""
    points = []
    for at, begin, end in steps:
        some = values[begin:end]
        points.append(Point(at, sum(some) / (end - begin), min(some), max(some)))
    return points


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
    """Rows with the same metrics."""
    together = array("f")
    for row in run:
        together += row.values
    gather([row.at for row in run], run[0].keys, together, found)


def gather(
    times: list[int],
    keys: tuple[SampleKey, ...],
    together: array[float],
    found: dict[SampleKey, Series],
) -> None:
    """Rows of values, one behind the other: cut out metric by metric, not value by value."""
    for place, key in enumerate(keys):
        values = together[place :: len(keys)]
        if key in found:
            found[key].times = found[key].times + times
            found[key].values += values
        else:
            found[key] = Series(times, values)  # all metrics of a run share its times


def mean_of(rows: Sequence[Seen], at: int) -> Seen:
    """Rows of one host, one or more, as a single one that begins at `at`."""
    series = by_key(rows)
    means = array("f", [sum(one.values) / len(one.values) for one in series.values()])
    return Seen(rows[0].host, at, tuple(series), means)


def packed(
    values: array[float], steps: Steps, start: int, step_s: int, *, span_s: int
) -> array[float]:
    """summed_up() of the span from `start` on, as means, then leasts, then mosts; NaN is a gap."""
    count = span_s // step_s
    each = len(values) // count
    if each * count == len(values) and _is_regular(steps, start, step_s, each):
        together = list(zip(*[iter(values)] * each, strict=True))
        means = [total / each for total in map(sum, together)]
        return array("f", [*means, *map(min, together), *map(max, together)])
    found = array("f", [nan]) * (3 * count)
    for at, begin, end in steps:
        place = (at - start) // step_s
        if 0 <= place < count:
            some = values[begin:end]
            found[place] = sum(some) / (end - begin)
            found[count + place], found[2 * count + place] = min(some), max(some)
    return found


def _is_regular(steps: Steps, start: int, step_s: int, each: int) -> bool:
    """Whether every step of a span is there, with so many values each: then it is quickly done."""
    return bool(each) and all(
        at == start + place * step_s and end - begin == each
        for place, (at, begin, end) in enumerate(steps)
    )


def unpacked(values: array[float], start: int, step_s: int) -> list[Point]:
    """The points that packed() made an array of."""
    count = len(values) // 3
    return [
        Point(start + place * step_s, mean, values[count + place], values[2 * count + place])
        for place, mean in enumerate(values[:count])
        if not isnan(mean)
    ]
