"""A value that dances round a limit does not flap, and one that is past it never hides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.thresholds import level, level_below, limit_crossed

OK, UNKNOWN, WARN, CRIT, DOWN = Health.OK, Health.UNKNOWN, Health.WARN, Health.CRIT, Health.DOWN
LIMITS = Limits(80, 90)


@pytest.mark.parametrize(
    ("value", "before", "health"),
    [
        (79, OK, OK),
        (80, OK, WARN),
        (89, OK, WARN),
        (90, OK, CRIT),
        (79, WARN, WARN),
        (77, WARN, WARN),
        (76.9, WARN, OK),
        (89, WARN, WARN),
        (89, CRIT, CRIT),
        (87, CRIT, CRIT),
        (86.9, CRIT, WARN),
        (77, CRIT, WARN),
        (76.9, CRIT, OK),
        (79, UNKNOWN, OK),
        (100, WARN, CRIT),
    ],
)
def test_a_state_is_left_only_a_margin_below_its_limit(
    value: float, before: Health, health: Health
) -> None:
    assert level(value, LIMITS, before, margin=3) is health


def test_a_margin_never_swallows_a_small_limit() -> None:
    assert level(0, Limits(20, None), WARN, margin=20) is OK
    assert level(11, Limits(20, None), WARN, margin=20) is WARN
    assert level(0, Limits(1, None), WARN, margin=1) is OK
    assert level(0, Limits(None, 1), CRIT, margin=1) is OK
    assert level(1, Limits(2, 100), WARN, margin=5) is WARN
    assert level(98, Limits(2, 100), CRIT, margin=5) is WARN
    assert level_below(16, Limits(10, None), WARN, margin=50) is OK
    assert level_below(14, Limits(10, 8), WARN, margin=50) is OK
    assert level_below(13, Limits(10, 8), WARN, margin=50) is WARN


def test_a_limit_that_is_not_set_is_never_crossed() -> None:
    assert level(1e9, Limits(None, None), OK, margin=0) is OK
    assert level(1e9, Limits(80, None), CRIT, margin=0) is WARN
    assert level(85, Limits(None, 80), OK, margin=0) is CRIT


def test_the_limit_in_the_words_is_the_one_that_was_crossed() -> None:
    assert limit_crossed(CRIT, LIMITS) == 90
    assert limit_crossed(DOWN, LIMITS) == 90
    assert limit_crossed(WARN, LIMITS) == 80


figures = st.floats(0, 100)


@given(value=figures, warn=figures, crit=figures, margin=st.floats(0, 20))
def test_memory_only_ever_makes_it_worse_and_asking_again_changes_nothing(
    value: float, warn: float, crit: float, margin: float
) -> None:
    limits = Limits(warn, max(warn, crit))
    plain = level(value, limits, OK, margin=margin)
    for before in (OK, WARN, CRIT):
        now = level(value, limits, before, margin=margin)
        assert now >= plain
        assert now <= max(plain, before)
        assert level(value, limits, now, margin=margin) is now
        assert level(value, limits, before, margin=0) is plain
