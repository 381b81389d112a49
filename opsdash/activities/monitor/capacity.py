"""When file systems will be full, from how fast they have filled lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf
from statistics import fmean, median

from opsdash.core.series import Trend
from opsdash.core.snapshot import HostState
from opsdash.core.text import clean_label

METRIC = "filesystem.available_bytes"
FEWEST_POINTS = 8
LEAST_SPAN_S = 600.0
"""What is shorter is an accident, not a trend."""

FARTHEST = 30
"""Nobody looks further ahead than so many times what was seen: ten minutes tell of five hours."""

RELEASE = 5
"""Space that grows by so many usual steps at once was freed: what was before is over."""

RELEASE_RATIO = 0.005
"""Of what is left: where files arrive in bursts the usual step is nothing, and what is freed counts
only if it is so much, or `RELEASE` times as much as steps are on average."""

MINUTE_S = 60.0
"""A figure holds so long, however often it is asked for."""

MOST_IN_A_SLOPE = 16
"""Points that a slope is worked out from: enough to outvote a few odd ones, cheap for a fleet."""


@dataclass(frozen=True, slots=True)
class Filling:
    """How fast a file system fills (bytes per second), and in how many seconds it will be full."""

    bytes_per_s: float
    full_in_s: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """A file system of a host: how full (0 to 1), and in how many seconds full; None: not soon."""

    host: str
    mount: str
    used_ratio: float
    full_in_s: float | None


def filling(state: HostState, mount: str) -> Filling | None:
    """How a mount of a host fills; None where it does not, or where that can't be told yet."""
    trend = state.trend(METRIC, mount) or state.trend(METRIC, clean_label(mount))
    return None if trend is None else _filling(trend, int(trend.newest_at // MINUTE_S))


def time_to_full_s(state: HostState, mount: str) -> float | None:
    """In how many seconds a mount will be full if it goes on like this; None: it does not fill."""
    found = filling(state, mount)
    return None if found is None else found.full_in_s


def capacities(states: Iterable[HostState]) -> list[Capacity]:
    """All file systems of these hosts: those that will be full the soonest, then the fullest."""
    found = [
        Capacity(state.name, mount, ratio, time_to_full_s(state, mount))
        for state in states
        for mount, ratio in state.labelled("filesystem.used_ratio").items()
    ]

    def order(one: Capacity) -> tuple[float, float, str, str]:
        soon = inf if one.full_in_s is None else one.full_in_s
        return (soon, -one.used_ratio, one.host, one.mount)

    return sorted(found, key=order)


@lru_cache(maxsize=16_384)
def _filling(trend: Trend, _minute: int) -> Filling | None:
    """Of the slope since space was last freed and that of its newest minutes, the slower one: a
    copy that has ended is over, and one that has just begun is no trend.
    """
    points = trend.since(0.0)
    newest = _newest(points)
    pace = -_slope(newest) if newest else 0.0
    if pace <= 0:
        return None  # as nearly always, so this comes first
    recent = _since_release(points)
    if len(recent) < len(newest):
        return None
    bytes_per_s = min(pace, -_slope(recent))
    left, span_s = points[-1][1], points[-1][0] - recent[0][0]
    if bytes_per_s <= 0 or left > bytes_per_s * FARTHEST * span_s:
        return None
    return Filling(bytes_per_s, left / bytes_per_s)


def _since_release(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points since space was last freed.

    Where that happens again and again, as logs are rotated, there are none until there is less
    left than there ever was: it will be freed again.
    """
    steps = [after[1] - before[1] for before, after in pairwise(points)]
    usual = median(abs(step) for step in steps) if steps else 0.0
    mean = fmean(abs(step) for step in steps) if steps else 0.0
    releases = [
        number
        for number, step in enumerate(steps, 1)
        if step > RELEASE * usual and step >= min(RELEASE * mean, RELEASE_RATIO * points[number][1])
    ]
    if not releases:
        return points
    lowest = min(points[number - 1][1] for number in releases)
    if len(releases) > 1 and points[-1][1] >= lowest:
        return []
    return points[releases[-1] :]


def _newest(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """As many of the newest points as a slope needs; none where they are too few or too close."""
    for number in range(FEWEST_POINTS, len(points) + 1):
        if points[-1][0] - points[-number][0] >= LEAST_SPAN_S:
            return points[-number:]
    return []


def _slope(points: list[tuple[float, float]]) -> float:
    """The median of the slopes between any two points (Theil and Sen): odd ones have no say."""
    every = -(-len(points) // MOST_IN_A_SLOPE)
    some = points[::-every]
    return median(
        (one[1] - two[1]) / (one[0] - two[0])
        for number, one in enumerate(some)
        for two in some[number + 1 :]
    )
