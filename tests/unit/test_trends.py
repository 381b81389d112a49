"""Trends reach back hours in little room, and outlive gaps, resets and labels that come and go."""

from __future__ import annotations

from itertools import pairwise

from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Reading
from opsdash.core.series import MOST_POINTS, Trend
from opsdash.engine.trends import MOST_LABELS, Trends, followed

BEGAN = 1_800_000_000.0
LEFT = Metric("disk.left_bytes", "bytes", "left", label="mount", trend=True)
UP = Metric("disk.up_s", "s", "up", trend=True)


def trend(*points: tuple[float, float]) -> Trend:
    made = Trend()
    for seconds, value in points:
        made.add(BEGAN + seconds, value)
    return made


def points(made: Trend | None) -> list[tuple[float, float]]:
    assert made is not None
    return [(round(at - BEGAN, 1), value) for at, value in made.since(0.0)]


def reading(at: float, **left: float) -> Reading:
    samples = {(LEFT.name, mount): value for mount, value in left.items()}
    return Reading("h", "disk", BEGAN + at, {**samples, (UP.name, ""): at})


def test_a_trend_keeps_one_point_a_minute_and_the_newest_value() -> None:
    made = trend(*((float(s), float(s)) for s in range(0, 200, 15)))
    assert points(made) == [(0, 0), (60, 60), (120, 120), (180, 180), (195, 195)]
    assert made.newest_at == BEGAN + 195


def test_what_comes_late_is_dropped() -> None:
    assert points(trend((0, 1), (100, 2), (50, 9), (100, 9))) == [(0, 1), (100, 2)]


def test_a_day_of_pulses_takes_bounded_room_and_ends_in_the_newest() -> None:
    made = trend(*((float(s), float(s)) for s in range(0, 86_400, 10)))
    found = points(made)
    assert len(found) <= MOST_POINTS
    assert found[-1] == (86_390, 86_390)
    assert found[0][0] >= 86_390 - 8 * 3600  # six hours, and what has come since the last thinning
    assert found[0][0] <= 86_390 - 6 * 3600 + 600
    steps = [later[0] - earlier[0] for earlier, later in pairwise(found)]
    assert max(steps) <= 360
    assert all(at == value for at, value in found)
    assert len([at for at, _ in found if at >= 86_390 - 3600]) >= 58


def test_a_counter_grows_over_resets_and_only_within_the_window() -> None:
    made = trend((0, 5), (60, 7), (120, 1), (180, 4))
    assert made.grown_since(BEGAN) == 2 + 1 + 3
    assert made.grown_since(BEGAN + 60) == 1 + 3
    assert made.grown_since(BEGAN + 180) == 0
    assert trend((0, 5), (7200, 50)).grown_since(BEGAN + 6600) == 0  # nobody looked in between


def follow(*readings: Reading) -> Trends:
    trends: Trends = {}
    for one in readings:
        trends = followed(trends, (LEFT, UP), one)
    return trends


def test_each_label_has_a_trend_and_a_gap_is_no_value() -> None:
    away = Reading("h", "disk", BEGAN + 60, problem=Problem(ProblemKind.TIMEOUT, "no answer"))
    trends = follow(reading(0, a=1, b=2), away, reading(120, a=3), reading(180, a=4, b=5))
    assert points(trends[LEFT.name]["a"]) == [(0, 1), (120, 3), (180, 4)]
    assert points(trends[LEFT.name]["b"]) == [(0, 2), (180, 5)]
    assert points(trends[UP.name][""]) == [(0, 0), (120, 120), (180, 180)]


def test_labels_are_bounded_and_the_gone_make_room() -> None:
    many = {f"m{number}": 1.0 for number in range(100)}
    full = follow(reading(0, **many))
    assert list(full[LEFT.name]) == [f"m{number}" for number in range(MOST_LABELS)]
    busy = followed(full, (LEFT,), reading(60, new=1))
    assert "new" not in busy[LEFT.name]
    later = followed(busy, (LEFT,), reading(3700, new=1))
    assert list(later[LEFT.name]) == ["new"]
    assert "m0" in full[LEFT.name]  # a snapshot that somebody holds keeps its labels


def test_a_snapshot_of_before_does_not_see_new_labels() -> None:
    before = follow(reading(0, a=1))
    after = followed(before, (LEFT,), reading(60, a=1, b=2))
    assert (list(before[LEFT.name]), list(after[LEFT.name])) == (["a"], ["a", "b"])
