"""The past by columns: what holds, what is a gap, what came since; what a clock did to times."""

from __future__ import annotations

from opsdash.core.history import Point
from opsdash.core.tracks import TimeGrid, Track

START = 1_800_000_000.0


def flat(*ats: float, value: float = 0.5) -> list[Point]:
    return [Point(START + at, value, value, value) for at in ats]


def known(track: Track, column_s: float, count: int, now: float = 1e5) -> str:
    """The columns from START on: ``#`` where anything is known."""
    grid = TimeGrid(START, column_s, count)
    return "".join("." if one is None else "#" for one in track.columns(grid, START + now))


def test_a_point_holds_for_its_step_where_columns_are_shorter() -> None:
    assert known(Track(flat(0, 300), 300), 100, 8) == "######.."
    assert known(Track(flat(0, 900), 300), 100, 12) == "###......###"


def test_a_point_that_comes_late_leaves_no_gap_but_a_missing_one_does() -> None:
    assert known(Track(flat(0, 20, 30), 10), 10, 5) == "####."
    assert known(Track(flat(0, 30, 40), 10), 10, 5) == "#..##"
    slow = Track(flat(0, 30, 60), 10, bridge_s=75)
    assert known(slow, 10, 8) == "#######."


def test_nothing_is_drawn_after_now() -> None:
    assert known(Track(flat(0), 300), 60, 5, now=100) == "##..."


def test_what_began_before_the_chart_holds_at_its_left() -> None:
    assert known(Track(flat(-200), 300), 50, 4) == "##.."


def test_what_came_since_goes_on_where_the_past_ends() -> None:
    track = Track(flat(0, 60), 60)
    newest = [(START + 30, 0.9), (START + 130, 0.9), (START + 132, 0.7)]
    grid = TimeGrid(START, 60, 3)
    found = track.with_newest(newest).columns(grid, START + 140)
    assert [one.most if one else None for one in found[:2]] == [0.5, 0.5]
    last = found[2]
    assert last is not None
    assert (round(last.mean, 5), round(last.most, 5)) == (0.8, 0.9)
    assert track.with_newest([(START + 30, 0.9)]) is track


def test_a_host_that_was_away_has_a_gap_before_what_came_since() -> None:
    track = Track(flat(0), 60).with_newest([(START + 600, 0.9)])
    assert known(track, 60, 11, now=610) == "#.........#"


def test_times_that_a_clock_has_written_twice_are_in_order() -> None:
    track = Track([*flat(120, 180), *flat(60, 120, value=0.9)], 60)
    grid = TimeGrid(START, 60, 4)
    assert known(track, 60, 5) == ".###."
    summary = track.summary(grid, track.columns(grid, START + 300))
    assert summary is not None
    assert round(summary.most, 5) == 0.9


def test_a_summary_tells_when_the_least_and_the_most_were_and_how_much_is_known() -> None:
    points = [Point(START + 60 * n, 0.5, 0.4, 0.6) for n in range(30)]
    points[7], points[22] = Point(START + 420, 0.5, 0.1, 0.6), Point(START + 1320, 0.6, 0.4, 1.0)
    track, grid = Track(points, 60), TimeGrid(START, 300, 12)
    summary = track.summary(grid, track.columns(grid, START + 3600))
    assert summary is not None
    assert (summary.least_at, summary.most_at) == (START + 420, START + 1320)
    assert summary.known == 0.5
    assert Track((), 60).summary(grid, [None] * 12) is None
