"""A chart in lines of text: curves between two axes, limits across them, and a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from opsdash.core.axes import Scale, time_ticks
from opsdash.core.text import shorten
from opsdash.core.tracks import TimeGrid
from opsdash.widgets.canvas import Curve, Rows, Stroke, drawn
from opsdash.widgets.line import Line, Role, Span, fit_right, wrap

GUTTER = 8
"""Cells at the left for the values, the axis among them."""

FOOT = 2
"""Rows below: the axis of time, and the times."""

TIME_CELLS = 11
"""From the middle of one time to that of the next at least."""

ROWS_PER_VALUE = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the chart at a value: a limit, with its name."""

    at: float
    text: str
    role: Role


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart shows. `cursor` is the time that is read (seconds since 1970); `note` is said in
    the middle where nothing is drawn; `live` says that its right edge is now.
    """

    curves: Sequence[Curve]
    scale: Scale
    grid: TimeGrid
    marks: Sequence[Mark] = ()
    cursor: float | None = None
    live: bool = False
    note: str = ""
    stroke: Stroke = Stroke.BRAILLE


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


@dataclass
class _Sheet:
    """The cells of a chart without its axes, while it is being drawn."""

    plot: Plot
    rows: Rows
    width: int
    height: int
    labels: dict[int, tuple[str, Role]] = field(default_factory=dict)

    def row_of(self, value: float) -> int:
        """The row of a value, from the top."""
        return self.height - 1 - round(self.plot.scale.share(value) * (self.height - 1))

    def rule(self, mark: Mark) -> None:
        """A line across, where no curve is, with its name at the right where there is room."""
        scale = self.plot.scale
        if not scale.low <= mark.at <= scale.high:
            return
        cells = self.rows[self.row_of(mark.at)]
        for x, cell in enumerate(cells):
            if cell is None:
                cells[x] = ("┈", mark.role)
        self._write(cells, f" {mark.text} ", mark.role)

    def _write(self, cells: list[tuple[str, Role] | None], text: str, role: Role) -> None:
        room = len(text)
        for start in range(self.width - room - 1, -1, -1):
            if all(cell == ("┈", role) for cell in cells[start : start + room]):
                cells[start : start + room] = [(letter, role) for letter in text]
                return

    def point(self, at: float) -> None:
        """The cursor, behind the curves."""
        x = _cell_of(self.plot, at)
        if 0 <= x < self.width:
            for cells in self.rows:
                if cells[x] is None or cells[x] == ("┈", cells[x][1]):  # type: ignore[index]
                    cells[x] = ("│", Role.STRONG)

    def say(self, text: str) -> None:
        """A sentence in the middle of what is empty."""
        lines = wrap(text, max(8, self.width - 2))[: self.height]
        top = (self.height - len(lines)) // 2
        for row, said in enumerate(lines, top):
            said = shorten(said, self.width)
            left = (self.width - len(said)) // 2
            self.rows[row][left : left + len(said)] = [(letter, Role.TEXT) for letter in said]


def plot_lines(plot: Plot, width: int, height: int) -> list[Line]:
    """A chart in so many lines of so many cells, both axes among them."""
    across, down = cells_across(width), height - FOOT
    if across < 1 or down < 1:
        return [()] * height
    rows = drawn(plot.curves, plot.scale, (across, down), plot.stroke)
    sheet = _Sheet(plot, rows, across, down)
    for mark in plot.marks:
        sheet.rule(mark)
    if plot.cursor is not None:
        sheet.point(plot.cursor)
    if plot.note:
        sheet.say(plot.note)
    names = _names(sheet)
    lines = [(*names.get(y, _NO_NAME), *_joined(cells)) for y, cells in enumerate(rows)]
    return [*lines, *_foot(plot, across)]


_NO_NAME = (Span(" " * (GUTTER - 1) + "│", Role.MUTED),)


def _names(sheet: _Sheet) -> dict[int, Line]:
    """The values at the left by their row; those of limits before round ones."""
    found: dict[int, Line] = {}
    for tick in sheet.plot.scale.ticks:
        text = fit_right(tick.text, GUTTER - 2)
        found.setdefault(sheet.row_of(tick.at), (Span(f"{text} ┤", Role.MUTED),))
    return found


def _joined(cells: list[tuple[str, Role] | None]) -> Line:
    """Cells as spans, each as long as it can be; spaces take the role before them."""
    spans: list[Span] = []
    text, role = "", Role.MUTED
    for cell in cells:
        if cell is None:
            text += " "
        elif cell[1] is role:
            text += cell[0]
        else:
            if text:
                spans.append(Span(text, role))
            text, role = cell
    return (*spans, Span(text, role))


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
