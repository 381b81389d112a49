"""Charts: never outside their rectangle, monotone for monotone data, gaps empty, spikes shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from opsdash.core.axes import scale_of
from opsdash.core.history import Point
from opsdash.core.tracks import Column, TimeGrid, Track
from opsdash.widgets.canvas import Cells, Curve, Stroke, drawn
from opsdash.widgets.line import Role, width_of
from opsdash.widgets.plot import GUTTER, Mark, Plot, grid_over, plot_lines

HUGE = 2.0**50
finite = st.floats(-HUGE, HUGE, width=32, allow_nan=False)
strokes = st.sampled_from(list(Stroke))


def column(values: tuple[float, float, float]) -> Column:
    least, mean, most = sorted(values)
    return Column(mean, least, most)


columns = st.lists(st.none() | st.tuples(finite, finite, finite).map(column), max_size=16)


@given(
    curves=st.lists(columns, max_size=2),
    size=st.tuples(st.integers(0, 40), st.integers(0, 12)),
    span_s=st.sampled_from((3600.0, 86_400.0, 2_592_000.0)),
    cursor=st.none() | st.floats(-1e5, 1e5),
    stroke=strokes,
)
def test_a_chart_is_as_large_as_it_was_asked_to_be(
    curves: list[list[Column | None]],
    size: tuple[int, int],
    span_s: float,
    cursor: float | None,
    stroke: Stroke,
) -> None:
    width, height = size
    until = 1_800_000_000.0
    scale = scale_of(-5, 5, "", 4, whole=False)
    plot = Plot(
        [Curve(one) for one in curves],
        scale,
        grid_over(until, span_s, width, stroke),
        [Mark(1.5, "WARN from 1.5", Role.WARN), Mark(99, "beyond", Role.CRIT)],
        None if cursor is None else until + cursor,
        live=True,
        note="nothing was seen here",
        stroke=stroke,
    )
    lines = plot_lines(plot, width, height)
    assert len(lines) == height
    assert all(width_of(line) <= max(width, 0) for line in lines)
    assert all(cell_len(part.text) == len(part.text) for line in lines for part in line)


def top_rows(cells: Cells) -> list[int | None]:
    """The highest row in which anything stands, for each cell from the left."""
    return [
        next((y for y, row in enumerate(cells.codes) if row[x]), None) for x in range(cells.width)
    ]


@given(values=st.lists(finite, min_size=2, max_size=30), stroke=strokes)
def test_what_only_grows_only_rises(values: list[float], stroke: Stroke) -> None:
    values.sort()
    across = stroke.dots[0]
    made = [Column(value, value, value) for value in values for _ in range(across)]
    scale = scale_of(values[0], values[-1], "", 5, whole=False)
    tops = top_rows(drawn([Curve(made)], scale, (len(values), 10), stroke))
    known = [row for row in tops if row is not None]
    assert len(known) == len(values)
    assert all(later <= earlier for earlier, later in pairwise(known))


@given(made=columns, stroke=strokes)
def test_where_nothing_was_seen_nothing_is_drawn(made: list[Column | None], stroke: Stroke) -> None:
    across = stroke.dots[0]
    wide = [one for one in made for _ in range(across)]
    scale = scale_of(-HUGE, HUGE, "", 5, whole=False)
    tops = top_rows(drawn([Curve(wide)], scale, (max(1, len(made)), 6), stroke))
    expected = [one is not None for one in made] or [False]
    assert [row is not None for row in tops] == expected


@given(
    values=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=200),
    column_s=st.floats(5, 5000),
    offset_s=st.floats(0, 400),
)
def test_no_point_is_left_out_when_points_become_columns(
    values: list[float], column_s: float, offset_s: float
) -> None:
    start = 1_800_000_000
    points = [Point(start + 60 * n, value, value, value) for n, value in enumerate(values)]
    track = Track(points, 60)
    end_s = 60 * len(values)
    count = int((end_s + offset_s) / column_s) + 1
    grid = TimeGrid(start - offset_s, column_s, count)
    found = [one for one in track.columns(grid, start + end_s) if one is not None]
    assert max(one.most for one in found) == max(values)
    assert min(one.least for one in found) == min(values)
    summary = track.summary(grid, track.columns(grid, start + end_s))
    assert summary is not None
    assert (summary.least, summary.most) == (min(values), max(values))
    assert min(values) - 1e-6 <= summary.mean <= max(values) + 1e-6


@given(
    ends=st.tuples(finite, finite),
    unit=st.sampled_from(("", "ratio", "bytes", "bytes/s", "s", "tasks")),
    ticks=st.integers(2, 12),
    whole=st.booleans(),
)
def test_a_scale_holds_its_values_and_has_few_round_ticks(
    ends: tuple[float, float], unit: str, ticks: int, *, whole: bool
) -> None:
    least, most = sorted(ends)
    scale = scale_of(least, most, unit, ticks, whole=whole)
    slack = 1e-5 * (scale.high - scale.low)
    assert scale.low - slack <= least <= most <= scale.high + slack
    assert scale.low < scale.high
    assert 2 <= len(scale.ticks) <= max(3, ticks)
    assert [tick.at for tick in scale.ticks] == sorted({tick.at for tick in scale.ticks})


@pytest.mark.parametrize("stroke", list(Stroke))
def test_one_high_value_in_a_month_shows_at_the_top(stroke: Stroke) -> None:
    start = 1_797_408_000
    points = [Point(start + 300 * n, 0.1, 0.1, 0.1) for n in range(8640)]
    points[4321] = Point(start + 300 * 4321, 0.2, 0.1, 1.0)
    grid = grid_over(start + 300 * 8640, 300 * 8640, 60 + GUTTER, stroke)
    made = Track(points, 300).columns(grid, grid.until)
    scale = scale_of(0, 1, "ratio", 5, whole=True)
    for band in (True, False):
        curves = [Curve(made, band=band)] * (1 if band else 2)
        tops = top_rows(drawn(curves, scale, (60, 12), stroke))
        assert tops.count(0) == 1
        assert tops.index(0) == 29
