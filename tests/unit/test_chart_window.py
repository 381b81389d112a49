"""How a chart is looked at: zoom, pan and cursor by keys, never beyond what is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsdash.activities.monitor.chart_window import SPANS_S, ChartWindow, span_words
from opsdash.core.history import COARSE, DAY_S, HOUR_S
from opsdash.core.tracks import TimeGrid
from opsdash.widgets.canvas import Stroke
from opsdash.widgets.plot import grid_over

NOW = 1_800_000_123.0


def grid_of(window: ChartWindow) -> TimeGrid:
    return grid_over(window.end(NOW), window.span_s, 80, Stroke.BRAILLE)


def test_zoom_goes_from_an_hour_to_thirty_days_and_no_further() -> None:
    window = ChartWindow(HOUR_S)
    assert window.zoomed(-1, NOW) == window
    seen = [window.span_s]
    while (farther := window.zoomed(1, NOW)) != window:
        window = farther
        seen.append(window.span_s)
    assert tuple(seen) == SPANS_S
    assert window.span_s == COARSE.kept_s
    assert window.live


def test_the_past_ends_where_nothing_is_kept_and_now_is_the_end() -> None:
    window = ChartWindow(7 * DAY_S)
    for _ in range(20):
        window = window.panned(-1, NOW)
    assert window.until == NOW - 30 * DAY_S + 7 * DAY_S
    for _ in range(20):
        window = window.panned(1, NOW)
    assert window.live
    assert window.panned(1, NOW) == window


def test_the_cursor_takes_the_chart_along_at_its_edges() -> None:
    window = ChartWindow(HOUR_S)
    first = window.reading(-1, grid_of(window), 2, NOW)
    assert first.cursor is not None
    assert NOW - HOUR_S / 72 <= first.cursor <= NOW
    far = first.reading(-71, grid_of(first), 2, NOW)
    assert far.live
    beyond = far.reading(-1, grid_of(far), 2, NOW)
    assert beyond.until == NOW - HOUR_S / 2
    assert beyond.cursor is not None
    back = beyond.reading(100, grid_of(beyond), 2, NOW)
    assert back.live
    assert back.cursor is not None
    assert back.cursor <= NOW


STEPS = st.sampled_from(("in", "out", "back", "on", "left", "right", "far", "now"))


@given(steps=st.lists(STEPS, max_size=40))
def test_whatever_keys_do_the_chart_is_of_a_time_that_is_kept(steps: list[str]) -> None:
    window = ChartWindow()
    for step in steps:
        match step:
            case "in" | "out":
                window = window.zoomed(-1 if step == "in" else 1, NOW)
            case "back" | "on":
                window = window.panned(-1 if step == "back" else 1, NOW)
            case "now":
                window = window.now()
            case _:
                cells = {"left": -1, "right": 1, "far": -10}[step]
                window = window.reading(cells, grid_of(window), 2, NOW)
        assert window.span_s in SPANS_S
        assert window.end(NOW) <= NOW
        assert window.end(NOW) - window.span_s >= NOW - COARSE.kept_s - 1
        assert window.cursor is None or window.cursor <= NOW


def test_spans_in_words() -> None:
    said = [span_words(span_s) for span_s in SPANS_S]
    assert said[:2] == ["1 hour", "3 hours"]
    assert said[4:6] == ["24 hours", "3 days"]
