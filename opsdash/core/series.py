"""Values over time: a ring that remembers the last ones, and what counters say between two."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise
from math import isnan, nan


class Ring:
    """The last `size` values of one metric, oldest first; a gap is NaN."""

    __slots__ = ("_next", "_values", "filled")

    def __init__(self, size: int) -> None:
        self._values = array("f", [nan]) * size
        self._next = 0
        self.filled = 0

    def append(self, value: float | None) -> None:
        """Add the newest value, None for a gap; the oldest falls out when the ring is full."""
        self._values[self._next] = nan if value is None else value
        self._next = (self._next + 1) % len(self._values)
        self.filled = min(self.filled + 1, len(self._values))

    def copy(self) -> Ring:
        """The same values, which do not follow what is appended from now on."""
        made = Ring(0)
        made._values, made._next, made.filled = self._values[:], self._next, self.filled
        return made

    def mean(self, wanted: int) -> float:
        """The mean of the newest `wanted` values at most; NaN if there are none, or a gap."""
        end = self._next or len(self._values)
        begin = end - (wanted if wanted < self.filled else self.filled)
        if begin < 0 or begin == end:
            newest = self.tail(wanted)
            return sum(newest) / len(newest) if newest else nan
        return sum(self._values[begin:end]) / (end - begin)

    def tail(self, wanted: int) -> list[float]:
        """The newest `wanted` values at most, oldest first."""
        size = len(self._values)
        wanted = min(wanted, self.filled)
        start = (self._next - wanted) % size
        if start + wanted <= size:
            return list(self._values[start : start + wanted])
        return list(self._values[start:]) + list(self._values[: (start + wanted) % size])


TREND_S = 6 * 3600.0
"""How far back a trend reaches."""
FINE_S = 3600.0
"""The newest part of a trend, which has a point a minute; what is older has one in five."""
MOST_POINTS = 180
_MINUTE_S, _FIVE_MINUTES_S = 55.0, 290.0


class Trend:
    """One value over hours: (seconds since 1970, value), oldest first, thinned to one a minute.

    A minute is told with some slack, so that what comes every minute is kept every time. Values
    have the precision of 32 bits. Times must grow; what comes late is dropped.
    """

    __slots__ = ("_offsets_s", "_start", "_values")

    def __init__(self) -> None:
        self._start = 0.0
        self._offsets_s = array("f")
        self._values = array("f")

    def add(self, at: float, value: float) -> None:
        """The newest value; it takes the place of the one before while that one's minute lasts."""
        offsets = self._offsets_s
        if not offsets:
            self._start = at
        elif at <= self.newest_at:
            return
        if len(offsets) > 1 and offsets[-1] - offsets[-2] < _MINUTE_S:
            del offsets[-1], self._values[-1]
        offsets.append(at - self._start)
        self._values.append(value)
        if len(offsets) > MOST_POINTS:
            self._thin(at)

    def copy(self) -> Trend:
        """The same points, which do not follow what is added from now on."""
        made = Trend()
        made._start, made._offsets_s = self._start, self._offsets_s[:]
        made._values = self._values[:]
        return made

    def _thin(self, now: float) -> None:
        kept = array("f"), array("f")
        start, last_s = now - TREND_S, -_FIVE_MINUTES_S
        for at, value in self.since(start):
            offset_s = at - start
            if now - at <= FINE_S or offset_s - last_s >= _FIVE_MINUTES_S:
                kept[0].append(offset_s)
                kept[1].append(value)
                last_s = offset_s
        self._start, (self._offsets_s, self._values) = start, kept

    @property
    def newest_at(self) -> float:
        """When the newest value was taken in; 0 while there is none."""
        return self._start + self._offsets_s[-1] if self._offsets_s else 0.0

    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The oldest point and the newest; a trend that is kept has at least one."""
        oldest = (self._start + self._offsets_s[0], self._values[0])
        return oldest, (self.newest_at, self._values[-1])

    def since(self, earliest: float) -> list[tuple[float, float]]:
        """The points that are not older than `earliest`."""
        points = zip(self._offsets_s, self._values, strict=True)
        return [(self._start + s, value) for s, value in points if self._start + s >= earliest]

    def grown_since(self, earliest: float) -> float:
        """How far a counter grew between points not older than `earliest`, over resets too."""
        values = [value for _, value in self.since(earliest)]
        return sum(
            (now - before if now >= before else now for before, now in pairwise(values)), 0.0
        )


def increase(before: float | None, now: float | None) -> float | None:
    """How far a counter grew; None when one end is missing or the counter was reset."""
    if before is None or now is None or now < before:
        return None
    return now - before


def rate(before: float | None, now: float | None, elapsed_s: float) -> float | None:
    """A counter's growth per second; None when it can't be told."""
    grown = increase(before, now)
    return None if grown is None or elapsed_s <= 0 else grown / elapsed_s


BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS = " .:-=+*#@"


def spark(values: Sequence[float], width: int, *, top: float = 1.0, blocks: str = BLOCKS) -> str:
    """The newest `width` values as one character each, scaled to `top`; a gap is a space."""
    steps = len(blocks) - 1
    cells = []
    for value in values[-width:]:
        if isnan(value):
            cells.append(" ")
        else:
            level = 1 + int(min(max(value / top, 0.0), 1.0) * (steps - 1) + 0.5)
            cells.append(blocks[min(level, steps)])
    return "".join(cells).rjust(width)


def bar(ratio: float, width: int, *, full: str = "█", empty: str = "░") -> str:
    """A ratio of 0 to 1 as a bar of `width` characters; anything above nothing shows."""
    filled = round(min(max(ratio, 0.0), 1.0) * width)
    if ratio > 0 and filled == 0 and width > 0:
        filled = 1
    return full * filled + empty * (width - filled)
