"""Moments as people type them: what is meant is found, what can't be is refused in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.moment import ago_words, clock_words, moment_of


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("13:50", "2026-11-27 13:50:00"),
        (" 13:50:20 ", "2026-11-27 13:50:20"),
        ("23:10", "2026-11-26 23:10:00"),
        ("yesterday 13:50", "2026-11-26 13:50:00"),
        ("2026-11-26 13:50", "2026-11-26 13:50:00"),
        ("2026-11-26T13:50:01", "2026-11-26 13:50:01"),
        ("2026-11-26", "2026-11-26 00:00:00"),
        ("-2h", "2026-11-27 18:00:00"),
        ("10m", "2026-11-27 19:50:00"),
        ("1.5h ago", "2026-11-27 18:30:00"),
        ("now", "2026-11-27 20:00:00"),
        ("0:05", "2026-11-27 00:05:00"),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: str) -> None:
    assert moment_of(typed, at("2026-11-27 20:00:00")) == at(meant)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "nothing is no moment: 13:50, 2026-11-26 13:50, -2h, now"),
        ("soon", "soon is no moment"),
        ("25:10", "there is no 25:10"),
        ("2026-02-30 10:00", "there is no 2026-02-30"),
        ("2027-01-01", "2027-01-01 is still to come"),
        ("2026-11-27 23:00", "is still to come"),
        ("10", "10 is no moment"),
        ("yesterday", "yesterday is no moment"),
        ("yesterday 2026-11-26 10:00", "is no moment"),
        ("9999-99-99", "there is no 9999-99-99"),
        ("\x1b[2J", "is no moment"),
    ],
)
def test_what_can_not_be_is_refused_in_words(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("-", r"\-")) as refused:
        moment_of(typed, at("2026-11-27 20:00:00"))
    assert "\x1b" not in str(refused.value)


def test_over_midnight_and_over_the_change_of_clocks() -> None:
    assert moment_of("23:59", at("2026-11-27 00:01:00")) == at("2026-11-26 23:59:00")
    # the clocks went back at three: five hours are four by the clock
    assert moment_of("5h", at("2026-10-25 05:00:00")) == at("2026-10-25 01:00:00")


def test_moments_are_told_with_their_day_where_it_is_another() -> None:
    now = at("2026-11-27 20:00:00")
    assert ago_words(at("2026-11-27 18:00:20"), now) == "18:00:20 (2h ago)"
    assert clock_words(at("2026-11-26 18:00:20"), now) == "Nov 26 18:00:20"
    assert clock_words(at("2025-11-26 18:00:20"), now) == "2025-11-26 18:00:20"


@given(st.text(max_size=30) | st.from_regex(r"[0-9:\-T ]{1,20}", fullmatch=True))
def test_anything_is_a_moment_or_refused(typed: str) -> None:
    now = 1_795_759_200.0
    with suppress(ValueError):
        assert moment_of(typed, now) <= now
