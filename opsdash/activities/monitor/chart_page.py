"""The chart page as lines: one chart, several in one, or side by side, and their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from opsdash.core.axes import Scale, moment, scale_of
from opsdash.core.metric_words import worded
from opsdash.core.tracks import Column, Summary, TimeGrid
from opsdash.widgets.canvas import Curve, Stroke
from opsdash.widgets.line import Line, Role, Span, fit, fit_line, line
from opsdash.widgets.plot import Mark, Plot, grid_over, plot_lines, ticks_up

SERIES = (Role.ACCENT, Role.OK, Role.UNKNOWN, Role.TEXT)
"""What tells curves in one chart apart; after the last one the first comes again."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"

LOWEST = 8
"""Rows of one chart among several: a title, the axis of time, and some for the curve."""

BESIDE_FROM = 110
"""Cells from which two charts have room beside each other."""

GAP = 3


@dataclass(frozen=True, slots=True)
class Lane:
    """One host on the chart: its columns and what they come to, what it says `newest`, the limits
    of its checks, and why there is nothing to see (`note`) or to what it holds (`caution`).
    """

    host: str
    columns: Sequence[Column | None]
    summary: Summary | None = None
    newest: float | None = None
    marks: Sequence[Mark] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChartPage:
    """All that the page shows. `picked` is the place of the host that the keys are about; `beside`
    puts the hosts beside each other; `about` says what the metric is; `lettered` that there are too
    few colours to tell curves apart; `past` that `now` is a moment of the past.
    """

    lanes: Sequence[Lane]
    unit: str
    grid: TimeGrid
    now: float
    picked: int = 0
    cursor: float | None = None
    live: bool = True
    beside: bool = True
    whole: bool = True
    stroke: Stroke = Stroke.BRAILLE
    about: Line = ()
    lettered: bool = False
    past: bool = False

    @property
    def several(self) -> bool:
        """Whether there is more than one host."""
        return len(self.lanes) > 1


def panes(width: int, height: int, hosts: int) -> tuple[int, int]:
    """Charts beside each other, and rows of them, for so many hosts at most."""
    across = 2 if width >= BESIDE_FROM and hosts > 1 else 1
    return across, max(1, min(height // LOWEST, -(-hosts // across)))


def plot_width(width: int, height: int, hosts: int, *, beside: bool) -> int:
    """The cells of one chart on a page of this size."""
    if not beside or panes(width, height, hosts)[0] == 1:
        return width
    return (width - GAP) // 2


def columns_of(until: float, span_s: float, width: int, stroke: Stroke) -> TimeGrid:
    """The columns of each chart on the page."""
    return grid_over(until, span_s, width, stroke)


def page_lines(page: ChartPage, width: int, height: int) -> list[Line]:
    """The whole page, in so many lines."""
    foot = [page.about] if page.about and height > LOWEST else []
    room = height - len(foot)
    if page.several and page.beside:
        lines = _side_by_side(page, width, room)
    else:
        lines = _in_one(page, width, room)
    return [*lines, *[()] * (room - len(lines)), *(fit_line(parts, width) for parts in foot)][
        :height
    ]


def _in_one(page: ChartPage, width: int, height: int) -> list[Line]:
    """One chart, and below it a line for each host."""
    shown = max(1, min(len(page.lanes), height // 3))
    first = _first_shown(page.picked, shown, len(page.lanes))
    names = max((len(lane.host) for lane in page.lanes), default=0)
    among = page.lanes[first : first + shown]
    legend = [_figures(page, place, names, among) for place in range(first, first + len(among))]
    order = sorted(range(len(page.lanes)), key=lambda place: place == page.picked)
    curves = [_curve(page, place) for place in order]
    picked = page.lanes[page.picked]
    note = picked.note if not page.several else _common_note(page.lanes)
    down = height - len(legend)
    plot = _plot(page, curves, picked, scale=_scale(page, down), note=note)
    plot = replace(plot, lettered=page.several and _lettered(page))
    return [*plot_lines(plot, width, down), *(fit_line(parts, width) for parts in legend)]


def _side_by_side(page: ChartPage, width: int, height: int) -> list[Line]:
    """A chart for each host, all with one scale; as many as there is room for."""
    across, down = panes(width, height, len(page.lanes))
    half = plot_width(width, height, len(page.lanes), beside=True)
    shown = across * down
    first = _first_shown(page.picked // across * across, shown, len(page.lanes))
    rows = height // down
    scale = _scale(page, rows - 1)
    lines: list[Line] = []
    for start in range(first, min(first + shown, len(page.lanes)), across):
        drawn = [
            _pane(page, place, scale, half, rows)
            for place in range(start, min(start + across, len(page.lanes)))
        ]
        lines += [_beside(row) for row in zip(*drawn, strict=True)]
    return lines


def _beside(row: tuple[Line, ...]) -> Line:
    """Lines of charts beside each other, all as wide as they may be."""
    return row[0] if len(row) == 1 else (*row[0], Span(" " * GAP), *row[1])


def _pane(page: ChartPage, place: int, scale: Scale, width: int, height: int) -> list[Line]:
    lane = page.lanes[place]
    curve = Curve(lane.columns, Role.ACCENT if place == page.picked else Role.TEXT)
    plot = _plot(page, [curve], lane, scale=scale, note=lane.note)
    title = _figures(page, place, min(len(lane.host), width // 3), [lane])
    return [fit_line(title, width), *plot_lines(plot, width, height - 1)]


def _first_shown(picked: int, shown: int, count: int) -> int:
    """Which comes first where not all have room: the picked one is among them."""
    return max(0, min(picked - shown // 2, count - shown)) if picked >= shown else 0


def _plot(page: ChartPage, curves: Sequence[Curve], lane: Lane, *, scale: Scale, note: str) -> Plot:
    return Plot(curves, scale, page.grid, lane.marks, page.cursor, page.live, note, page.stroke)


def _curve(page: ChartPage, place: int) -> Curve:
    letter = LETTERS[place % len(LETTERS)] if page.several else "*"
    band = not page.several or place == page.picked
    return Curve(page.lanes[place].columns, _role(page, place), letter, band)


def _role(page: ChartPage, place: int) -> Role:
    return SERIES[place % len(SERIES)]


def _common_note(lanes: Sequence[Lane]) -> str:
    """What is said where no host at all has anything to show."""
    return lanes[0].note if all(lane.note for lane in lanes) else ""


def _scale(page: ChartPage, height: int) -> Scale:
    """One scale for all: charts are there to be compared."""
    least, most = inf, -inf
    for lane in page.lanes:
        if lane.summary is not None:
            least, most = min(least, lane.summary.least), max(most, lane.summary.most)
        if lane.newest is not None and page.live:
            least, most = min(least, lane.newest), max(most, lane.newest)
    if least > most:
        least, most = 0.0, 0.0
    return scale_of(least, most, page.unit, ticks_up(height), whole=page.whole)


def _figures(page: ChartPage, place: int, names: int, among: Sequence[Lane]) -> Line:
    """A host's name and what its curve comes to; under the cursor, what it was there.

    The figures are as wide as the widest `among` those that stand below each other.
    """
    lane, lit = page.lanes[place], place == page.picked
    role = Role.STRONG if lit else Role.TEXT
    head = line(*_sign(page, place, lit=lit), Span(fit(lane.host, max(1, names)), role))
    if lane.summary is None:
        why = _brief(lane) if page.several else ""
        return line(*head, Span(f"  {why}", Role.MUTED))
    tables = [_values(page, one, one.summary) for one in among if one.summary is not None]
    widths = [max(len(value) for _, value in column) for column in zip(*tables, strict=True)]
    parts = [
        part
        for (what, value), width in zip(_values(page, lane, lane.summary), widths, strict=True)
        for part in _figure(what, value.ljust(width), role)
    ]
    unknown = 1 - lane.summary.known
    gaps = f"  no data {word_share(unknown)} of it" if unknown >= 0.01 else ""
    when = moment(lane.summary.most_at, page.now)
    return line(*head, *parts, Span(f" {when}{gaps}", Role.MUTED))


def _lettered(page: ChartPage) -> bool:
    """Whether colours do not tell the curves apart: there are none, or not enough of them."""
    letters = page.lettered or len(page.lanes) > len(SERIES)
    return letters and page.stroke is not Stroke.ASCII


def _brief(lane: Lane) -> str:
    """Why there is nothing of a host, in a line that names it already."""
    return lane.note.removeprefix(f"{lane.host} ").partition(";")[0].partition(" (")[0]


def _values(page: ChartPage, lane: Lane, summary: Summary) -> list[tuple[str, str]]:
    word = worded(page.unit)
    found: list[tuple[str, str]] = []
    if page.cursor is not None:
        found.append((f"at {moment(page.cursor, page.now)}", _read(page, lane)))
    return [
        *found,
        ("then" if page.past else "now", "-" if lane.newest is None else word(lane.newest)),
        ("mean", word(summary.mean)),
        ("min", word(summary.least)),
        ("max", word(summary.most)),
    ]


def _figure(what: str, value: str, role: Role) -> Line:
    return Span(f"  {what} ", Role.MUTED), Span(value, role)


def word_share(ratio: float) -> str:
    """A share of the time that is shown."""
    return f"{min(99.0, ratio * 100):.0f}%"


def _sign(page: ChartPage, place: int, *, lit: bool) -> Line:
    """What the host's curve looks like, and whether the keys are about it."""
    if not page.several:
        return ()
    mark = Span("▸" if lit else " ", Role.ACCENT)
    if page.beside:
        return (mark,)
    plain = page.stroke is Stroke.ASCII or _lettered(page)
    sign = LETTERS[place % len(LETTERS)] if plain else "━━"
    return (mark, Span(f"{sign} ", _role(page, place)))


def _read(page: ChartPage, lane: Lane) -> str:
    """The value in the cell under the cursor, and how far it went up and down there."""
    assert page.cursor is not None  # noqa: S101 - asked for only then
    across = page.stroke.dots[0]
    begin = page.grid.column_at(page.cursor) // across * across
    cell = [one for one in lane.columns[max(0, begin) : begin + across] if one is not None]
    if not cell:
        return "no data"
    word = worded(page.unit)
    mean = word(sum(one.mean for one in cell) / len(cell))
    least, most = word(min(one.least for one in cell)), word(max(one.most for one in cell))
    return mean if least == most else f"{mean} ({least} to {most})"
