"""A ring is a list of which only the end is kept; pictures are as wide as they were asked to be."""

from __future__ import annotations

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.series import Ring, bar, increase, rate, spark

value = st.none() | st.floats(width=32, allow_nan=False)
counter = st.none() | st.floats(0, 1e18)


@given(size=st.integers(1, 12), values=st.lists(value, max_size=40), wanted=st.integers(0, 20))
def test_a_ring_is_the_end_of_a_list(size: int, values: list[float | None], wanted: int) -> None:
    ring = Ring(size)
    for new in values:
        ring.append(new)
    kept = values[-size:]
    expected = kept[len(kept) - min(wanted, len(kept)) :]
    found = [None if isnan(one) else one for one in ring.tail(wanted)]
    assert found == expected
    assert ring.filled == len(kept)


@given(
    values=st.lists(st.floats(), max_size=30),
    width=st.integers(1, 20),
    top=st.floats(0.01, 1e9),
)
def test_a_spark_is_exactly_as_wide_as_asked(values: list[float], width: int, top: float) -> None:
    drawn = spark(values, width, top=top)
    assert len(drawn) == width
    for cell, shown in zip(drawn[::-1], values[::-1], strict=False):
        assert (cell == " ") == isnan(shown)


@given(ratio=st.floats(allow_nan=False, allow_infinity=False), width=st.integers(0, 30))
def test_a_bar_is_exactly_as_wide_as_asked(ratio: float, width: int) -> None:
    assert len(bar(ratio, width)) == width


@given(before=counter, now=counter, elapsed_s=st.floats(-10, 1e6))
def test_a_rate_is_never_negative(
    before: float | None, now: float | None, elapsed_s: float
) -> None:
    grown, per_s = increase(before, now), rate(before, now, elapsed_s)
    assert grown is None or grown >= 0
    assert per_s is None or per_s >= 0
    if grown is None:
        assert per_s is None


@given(st.lists(st.floats(0, 100, width=32), max_size=20), st.integers(1, 12))
def test_the_mean_is_that_of_the_newest(values: list[float], wanted: int) -> None:
    ring = Ring(8)
    for value in values:
        ring.append(value)
    newest = ring.tail(wanted)
    if newest:
        assert ring.mean(wanted) == pytest.approx(sum(newest) / len(newest))
        ring.append(None)
    assert isnan(ring.mean(wanted))
