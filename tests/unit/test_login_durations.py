"""How long logins usually take: of a few nothing is usual, and slow ones do not become it soon."""

from __future__ import annotations

from opsdash.engine.prober import FEWEST, NEW_NORMAL, Durations


def after(*taken_s: float) -> Durations:
    durations = Durations()
    for took_s in taken_s:
        durations.add(took_s)
    return durations


def test_a_few_make_nothing_usual() -> None:
    assert after(*[0.3] * (FEWEST - 1)).usual_s() is None
    assert after(0.2, 0.3, 0.4, 0.3, 9.0).usual_s() == 0.3


def test_slow_ones_do_not_become_usual_until_nothing_else_is_seen_for_long() -> None:
    durations = after(*[0.3] * 10, *[3.0] * (NEW_NORMAL - 1))
    assert durations.usual_s() == 0.3
    for _ in range(FEWEST):
        durations.add(3.0)
    assert durations.usual_s() == 3.0


def test_one_that_is_fast_again_begins_the_count_anew() -> None:
    durations = after(*[0.3] * 10, *[3.0] * (NEW_NORMAL - 1), 0.3, *[3.0] * (NEW_NORMAL - 1))
    assert durations.usual_s() == 0.3


def test_what_becomes_slower_by_and_by_is_followed() -> None:
    assert after(*[0.3 + n / 50 for n in range(100)]).usual_s() > 2.0  # type: ignore[operator]
