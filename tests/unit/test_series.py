"""A ring keeps the newest values; rates and pictures never invent what was not measured."""

from __future__ import annotations

from math import inf, isnan, nan

import pytest

from opsdash.core.series import ASCII_BLOCKS, Ring, bar, increase, rate, spark


def ring(size: int, *values: float | None) -> Ring:
    made = Ring(size)
    for value in values:
        made.append(value)
    return made


def test_a_ring_gives_the_newest_oldest_first() -> None:
    assert ring(4, 1, 2).tail(4) == [1, 2]
    assert ring(4, 1, 2, 3, 4).tail(4) == [1, 2, 3, 4]
    assert ring(4, 1, 2, 3, 4, 5, 6).tail(4) == [3, 4, 5, 6]
    assert ring(4, 1, 2, 3, 4, 5, 6).tail(2) == [5, 6]
    assert ring(4, 1, 2).tail(0) == []


def test_a_gap_is_not_a_number() -> None:
    first, gap, last = ring(4, 1, None, 3).tail(3)
    assert (first, last) == (1, 3)
    assert isnan(gap)


def test_a_ring_knows_how_full_it_is() -> None:
    assert [ring(3, *range(count)).filled for count in (0, 2, 3, 9)] == [0, 2, 3, 3]


@pytest.mark.parametrize(
    ("before", "now", "grown"),
    [(10, 15, 5), (10, 10, 0), (10, 3, None), (None, 3, None), (3, None, None)],
)
def test_a_counter_that_was_reset_tells_nothing(
    before: float | None, now: float | None, grown: float | None
) -> None:
    assert increase(before, now) == grown
    assert rate(before, now, 2.0) == (None if grown is None else grown / 2)


@pytest.mark.parametrize("elapsed_s", [0.0, -1.0])
def test_no_time_passed_means_no_rate(elapsed_s: float) -> None:
    assert rate(1, 2, elapsed_s) is None


def test_a_spark_is_as_wide_as_asked_and_shows_the_newest() -> None:
    assert spark([], 3) == "   "
    assert spark([1.0], 3) == "  █"
    assert spark([0.0, 0.0, 1.0], 2) == "▁█"
    assert spark([0.0, 0.5, 1.0], 3) == "▁▅█"


def test_a_spark_shows_a_gap_as_a_gap_and_zero_as_something() -> None:
    assert spark([1.0, nan, 0.0], 3) == "█ ▁"


def test_a_spark_caps_what_is_off_the_scale() -> None:
    assert spark([-5.0, 7.0, inf], 3) == "▁██"
    assert spark([5.0, 10.0], 2, top=10.0) == "▅█"


def test_a_spark_can_do_without_unicode() -> None:
    assert spark([0.0, 0.3, 1.0], 3, blocks=ASCII_BLOCKS).isascii()


@pytest.mark.parametrize(
    ("ratio", "drawn"),
    [(0.0, "----"), (0.001, "#---"), (0.5, "##--"), (1.0, "####"), (7.0, "####"), (-1.0, "----")],
)
def test_a_bar_is_as_full_as_its_ratio_and_never_hides_a_little(ratio: float, drawn: str) -> None:
    assert bar(ratio, 4, full="#", empty="-") == drawn


def test_a_bar_without_room_is_empty() -> None:
    assert bar(0.5, 0) == ""
