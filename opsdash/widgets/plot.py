"""A chart in lines of text: curves between two axes, limits across them, and a cursor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from opsdash.core.axes import Scale, time_ticks
from opsdash.core.text import shorten
from opsdash.core.tracks import TimeGrid
from opsdash.widgets.canvas import Cells, Curve, Stroke, drawn, row_of
from opsdash.widgets.line import Line, Role, Span, fit_right, wrap

GUTTER = 8
"""Cells at the left for the values, the axis among them."""

FOOT = 2
"""Rows below: the axis of time, and the times."""

TIME_CELLS = 11
"""From the middle of one time to that of the next at least."""

ROWS_PER_VALUE = 3

_GAPS = re.compile(rb"\x00+")

LETTERED = 4
"""So often a curve bears its letter."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the chart at a value: a limit, with its name."""

    at: float
    text: str
    role: Role


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart shows. `cursor` is the time that is read (seconds since 1970); `note` is said in
    the middle where nothing is drawn; `live` says that its right edge is now; with `lettered` the
    curves bear their letters.
    """

    curves: Sequence[Curve]
    scale: Scale
    grid: TimeGrid
    marks: Sequence[Mark] = ()
    cursor: float | None = None
    live: bool = False
    note: str = ""
    stroke: Stroke = Stroke.BRAILLE
    lettered: bool = False


def cells_across(width: int) -> int:
    """The cells that are left for curves in a chart of this width."""
    return max(0, width - GUTTER)


def ticks_up(height: int) -> int:
    """How many values an axis in a chart of this height has room for."""
    return max(2, (height - FOOT - 1) // ROWS_PER_VALUE + 1)


def grid_over(until: float, span_s: float, width: int, stroke: Stroke) -> TimeGrid:
    """The columns of a chart of this width that ends at a time.

    Cells begin at whole multiples of their length, so that a chart which moves on with the time
    stays as it is, but for a new cell at its right.
    """
    cells = max(1, cells_across(width))
    cell_s = span_s / cells
    last = -(-until // cell_s)
    across = stroke.dots[0]
    return TimeGrid((last - cells) * cell_s, cell_s / across, cells * across)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The cells of a chart without its axes, while it is being drawn."""

    plot: Plot
    cells: Cells

    def row_of(self, value: float) -> int:
        """The row of a value, from the top."""
        return row_of(value, self.plot.scale, self.cells.height, self.plot.stroke.dots[1])

    def rule(self, mark: Mark) -> None:
        """A line across, where no curve is, with its name at the right where there is room."""
        scale, cells = self.plot.scale, self.cells
        if not scale.low <= mark.at <= scale.high:
            return
        y, code = self.row_of(mark.at), cells.code_of(mark.role)
        before, text = bytes(cells.codes[y]), f" {mark.text} "
        for gap in _GAPS.finditer(before):
            cells.put(gap.start(), y, "┈" * len(gap[0]), code)
        start = before.rfind(bytes(len(text)), 0, cells.width - 1)
        if start >= 0:
            cells.put(start, y, text, code)

    def point(self, at: float) -> None:
        """The cursor, behind the curves."""
        x, cells = _cell_of(self.plot, at), self.cells
        if not 0 <= x < cells.width:
            return
        code = cells.code_of(Role.STRONG)
        for y in range(cells.height):
            if not cells.codes[y][x] or cells.signs[y][x] == "┈":
                cells.put(x, y, "│", code)

    def letter(self, curve: Curve, code: int) -> None:
        """The letter of a curve, on it: a few times, as curves cross."""
        cells, (across, down) = self.cells, self.plot.stroke.dots
        known = [x for x, one in enumerate(curve.columns[: cells.width * across]) if one]
        for part in range(1, LETTERED + 1):
            x = known[len(known) * part // (LETTERED + 1)] if known else -1
            one = curve.columns[x] if known else None
            if one is not None:
                y = row_of(one.mean, self.plot.scale, cells.height, down)
                cells.put(x // across, y, curve.letter, code)

    def say(self, text: str) -> None:
        """A sentence in the middle of what is empty."""
        cells = self.cells
        lines = wrap(text, max(8, cells.width - 2))[: cells.height]
        for y, said in enumerate(lines, (cells.height - len(lines)) // 2):
            # a cell holds one character: a wide one would push the rest out of the chart
            narrow = "".join(letter if cell_len(letter) == 1 else "?" for letter in said)
            fitted = shorten(narrow, cells.width)
            code = cells.code_of(Role.TEXT)
            cells.put((cells.width - len(fitted)) // 2, y, fitted, code)


def plot_lines(plot: Plot, width: int, height: int) -> list[Line]:
    """A chart in so many lines of so many cells, both axes among them."""
    across, down = cells_across(width), height - FOOT
    if across < 1 or down < 1:
        return [()] * height
    cells = drawn(plot.curves, plot.scale, (across, down), plot.stroke)
    sheet = _Sheet(plot, cells)
    for mark in plot.marks:
        sheet.rule(mark)
    for curve in plot.curves if plot.lettered else ():
        sheet.letter(curve, cells.code_of(Role.STRONG))
    if plot.cursor is not None:
        sheet.point(plot.cursor)
    if plot.note:
        sheet.say(plot.note)
    names = _names(sheet)
    lines = [(*names.get(y, _NO_NAME), *cells.line(y)) for y in range(down)]
    return [*lines, *_foot(plot, across)]


_NO_NAME = (Span(" " * (GUTTER - 1) + "│", Role.MUTED),)


def _names(sheet: _Sheet) -> dict[int, Line]:
    """The values at the left by their row; those of limits before round ones."""
    found: dict[int, Line] = {}
    for tick in sheet.plot.scale.ticks:
        text = fit_right(tick.text, GUTTER - 2)
        found.setdefault(sheet.row_of(tick.at), (Span(f"{text} ┤", Role.MUTED),))
    return found


def _cell_of(plot: Plot, at: float) -> int:
    return plot.grid.column_at(at) // plot.stroke.dots[0]


def _foot(plot: Plot, across: int) -> list[Line]:
    """The axis of time, and the times below it."""
    ticks = time_ticks(plot.grid.since, plot.grid.until, max(1, across // TIME_CELLS))
    axis, names = ["─"] * across, [" "] * (across + GUTTER)
    end = across + GUTTER - (len(_NOW) + 2 if plot.live else 0)
    free_from = 0
    for tick in ticks:
        x = _cell_of(plot, tick.at)
        if not 0 <= x < across:
            continue
        axis[x] = "┬"
        start = GUTTER + x - len(tick.text) // 2
        if start >= free_from and start + len(tick.text) <= end:
            names[start : start + len(tick.text)] = tick.text
            free_from = start + len(tick.text) + 2
    bottom = (Span(" " * (GUTTER - 1) + "└" + "".join(axis), Role.MUTED),)
    if not plot.live:
        return [bottom, (Span("".join(names), Role.MUTED),)]
    kept = "".join(names)[: across + GUTTER - len(_NOW)]
    return [bottom, (Span(kept, Role.MUTED), Span(_NOW, Role.ACCENT))]


_NOW = "now"
