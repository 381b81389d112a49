"""Values over time: a ring that remembers the last ones, and what counters say between two."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
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

    def tail(self, wanted: int) -> list[float]:
        """The newest `wanted` values at most, oldest first."""
        size = len(self._values)
        wanted = min(wanted, self.filled)
        start = (self._next - wanted) % size
        if start + wanted <= size:
            return list(self._values[start : start + wanted])
        return list(self._values[start:]) + list(self._values[: (start + wanted) % size])


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
