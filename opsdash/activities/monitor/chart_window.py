"""How a chart is looked at: how much time, up to when, which moment is read, drawn how."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsdash.core.history import COARSE, DAY_S, HOUR_S
from opsdash.core.tracks import TimeGrid
from opsdash.widgets.canvas import Stroke

SPANS_S = tuple(HOUR_S * hours for hours in (1, 3, 6, 12, 24, 72, 168, 336, 720))
"""The lengths of time that keys go through: an hour to thirty days."""


@dataclass(frozen=True, slots=True)
class ChartWindow:
    """So many seconds up to `until` (since 1970); None: up to now, and on with it.

    `cursor` is the moment that is read. `beside` puts several hosts side by side, not over each
    other; `whole` shows a scale from nothing on; `blocks` draws with blocks, not with dots.
    """

    span_s: float = 6 * HOUR_S
    until: float | None = None
    cursor: float | None = None
    beside: bool = True
    whole: bool = True
    blocks: bool = False

    @property
    def live(self) -> bool:
        """Whether it goes on with the time."""
        return self.until is None

    def end(self, now: float) -> float:
        """When it ends."""
        return now if self.until is None else min(self.until, now)

    def stroke(self, *, ascii_only: bool) -> Stroke:
        """What curves are drawn with."""
        if ascii_only:
            return Stroke.ASCII
        return Stroke.BLOCKS if self.blocks else Stroke.BRAILLE

    def zoomed(self, steps: int, now: float) -> ChartWindow:
        """Closer or farther by so many lengths; what is read stays where it is, else the end."""
        longer = [span_s for span_s in SPANS_S if span_s > self.span_s]
        shorter = [span_s for span_s in SPANS_S if span_s < self.span_s]
        found = longer[:steps][-1:] if steps > 0 else shorter[steps:][:1]
        return self.spanning(found[0], now) if found else self

    def spanning(self, span_s: float, now: float) -> ChartWindow:
        """The same with another length of time."""
        until = self.until
        if self.cursor is not None:
            part = (self.end(now) - self.cursor) / self.span_s
            until = self.cursor + part * span_s
        return replace(self, span_s=span_s).ending(until, now)

    def panned(self, halves: int, now: float) -> ChartWindow:
        """On by so many halves of its length; negative: back, as far as anything is kept."""
        if self.live and halves > 0:
            return self
        return self.ending(self.end(now) + halves * self.span_s / 2, now)

    def ending(self, until: float | None, now: float) -> ChartWindow:
        """The same up to a moment, but no older than anything that is kept."""
        if until is not None:
            until = max(until, now - COARSE.kept_s + self.span_s)
        return replace(self, until=None if until is None or until >= now else until)

    def reading(self, cells: int, grid: TimeGrid, across: int, now: float) -> ChartWindow:
        """The cursor so many cells on; beyond an edge the chart moves with it."""
        cell_s = grid.column_s * across
        last = grid.count // across - 1
        if self.cursor is None:
            place = grid.column_at(self.end(now)) // across
            place = min(place, last) + min(0, cells + 1)
        else:
            place = grid.column_at(self.cursor) // across + cells
        at = min(grid.since + (place + 0.5) * cell_s, now)
        moved = replace(self, cursor=at)
        if place < 0:
            found = moved.panned(-1, now)
            return self if found.until == self.until else found
        return moved.panned(1, now) if place > last else moved

    def pointing(self, at: float | None) -> ChartWindow:
        """The same with the cursor at a moment; None: away."""
        return replace(self, cursor=at)

    def now(self) -> ChartWindow:
        """Up to now again."""
        return replace(self, until=None, cursor=None)


def span_for(known_s: float) -> float:
    """The shortest length of time that holds so much."""
    return next((span_s for span_s in SPANS_S if span_s >= known_s), SPANS_S[-1])


def span_words(span_s: float) -> str:
    """``1 hour``, ``12 hours``, ``7 days``."""
    if span_s <= DAY_S:
        hours = round(span_s / HOUR_S)
        return f"{hours} hour" + "s" * (hours != 1)
    return f"{round(span_s / DAY_S)} days"
