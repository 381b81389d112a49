"""What a chart of thirty days costs: to sum up, to draw, and to paint, at 160x50; CPU time."""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable
from statistics import median

from opsdash.activities.monitor.chart_page import ChartPage, Lane, page_lines, plot_width
from opsdash.config.paths import themes_dirs
from opsdash.config.themes import load_themes
from opsdash.core.history import COARSE, DAY_S, Point
from opsdash.core.theme import DEFAULT_THEME
from opsdash.core.tracks import TimeGrid, Track
from opsdash.engine.garbage import GARBAGE_AFTER
from opsdash.widgets.canvas import Stroke
from opsdash.widgets.line import Role
from opsdash.widgets.palette import Palette
from opsdash.widgets.plot import Mark, grid_over
from opsdash.widgets.strips import paint

WIDTH, HEIGHT = 160, 48
"""A screen of 160x50 without its first and its last line."""

NOW = 1_795_759_200.0
SPAN_S = 30 * DAY_S
TURNS = 40


def _points(number: int) -> list[Point]:
    """A day's rhythm with noise, a point every five minutes."""
    chance = random.Random(number)
    found = []
    for at in range(int(NOW - SPAN_S), int(NOW), COARSE.seconds):
        mean = 0.4 + 0.2 * math.sin(at / DAY_S * 2 * math.pi + number) + 0.1 * chance.random()
        found.append(Point(at, mean, 0.8 * mean, min(1.0, mean + 0.3 * chance.random())))
    return found


def _page(tracks: list[Track], *, beside: bool) -> ChartPage:
    width = plot_width(WIDTH, HEIGHT, len(tracks), beside=beside)
    grid = grid_over(NOW, SPAN_S, width, Stroke.BRAILLE)
    marks = [Mark(0.9, "WARN from 90% cpu-saturated", Role.WARN)]
    lanes = [_lane(track, grid, f"web{place}", marks) for place, track in enumerate(tracks)]
    return ChartPage(lanes, "ratio", grid, NOW, beside=beside)


def _lane(track: Track, grid: TimeGrid, host: str, marks: list[Mark]) -> Lane:
    columns = track.columns(grid, NOW)
    return Lane(host, columns, track.summary(grid, columns), 0.4, marks)


def _ms(work: Callable[[], object]) -> float:
    """Milliseconds of CPU that a piece of work takes, the median of many turns."""
    work()
    spent_s = []
    for _ in range(TURNS):
        began_s = time.process_time()
        work()
        spent_s.append(time.process_time() - began_s)
    return 1000 * median(spent_s)


def run() -> dict[str, float]:
    """Milliseconds of CPU for a frame, with the garbage collected as seldom as in a session."""
    gc.freeze()
    gc.set_threshold(*GARBAGE_AFTER)
    themes, _ = load_themes(themes_dirs())
    palette = Palette(themes[DEFAULT_THEME])
    tracks = [Track(_points(number), COARSE.seconds) for number in range(4)]

    def fresh() -> list[Track]:
        """The same curves, of which nothing was summed up yet."""
        return [track.with_newest([(NOW, 0.5)]) for track in tracks]

    def frame(some: list[Track], *, beside: bool = True) -> None:
        for line in page_lines(_page(some, beside=beside), WIDTH, HEIGHT):
            paint(line, WIDTH, palette)

    return {
        "30 days of a host, a frame (ms)": _ms(lambda: frame(fresh()[:1])),
        "the same again: a key, a second later (ms)": _ms(lambda: frame(tracks[:1])),
        "30 days of four hosts side by side, a frame (ms)": _ms(lambda: frame(fresh())),
        "the same again, four hosts (ms)": _ms(lambda: frame(tracks)),
        "30 days of four hosts over each other, a frame (ms)": _ms(
            lambda: frame(fresh(), beside=False)
        ),
        "points read into a curve (ms)": _ms(lambda: Track(_points_of_one, COARSE.seconds)),
    }


_points_of_one = _points(0)
