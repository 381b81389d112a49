"""Whatever a host sends, cleaned text is harmless, and fits where it was meant to go."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from opsdash.core.text import clean, clean_line, duration, middle, percent, shorten, size

PIECES = (
    *("\x1b[", "\x1b]", "\x1bP", "\x1b\\", "\x07", "\x1b", "\x9b", "\x9d", "\x9c", "52;c;"),
    *("\u202e", "\u2066", "\u2028", "\ufeff", "\udc80", "\u200b", "\n", "\t", "\r", " ", "\x00"),
    *("m", "[31m", "text", "é", "東"),
)
hostile = st.one_of(
    st.text(st.characters(), max_size=60), st.lists(st.sampled_from(PIECES)).map("".join)
)
forbidden = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff"
    "\ud800-\udfff]"
)
widths = st.integers(-3, 40)


@given(text=hostile, limit=st.integers(1, 50))
@example(text="\x1b\x1b[m]52;c;aGk=\x07", limit=50)
def test_nothing_that_a_terminal_obeys_is_left(text: str, limit: int) -> None:
    said = clean(text, limit)
    assert not forbidden.search(said)
    assert len(said) <= limit
    assert clean(said, limit) == said


@given(text=hostile, limit=st.integers(1, 50))
@example(text="\u200ba bb", limit=3)
def test_a_line_is_one_line_and_stays_as_it_is(text: str, limit: int) -> None:
    said = clean_line(text, limit)
    assert not forbidden.search(said)
    assert not {"\n", "\t"} & set(said)
    assert len(said) <= limit
    assert clean_line(said, limit) == said


@given(
    before=st.text(st.characters(categories=["L", "N"]), max_size=20),
    payload=st.text(st.characters(categories=["L", "N", "P"]), max_size=200),
    end=st.sampled_from(["\x07", "\x1b\\", "\x9c"]),
)
def test_the_payload_of_an_operating_system_command_is_gone(
    before: str, payload: str, end: str
) -> None:
    assert clean(f"{before}\x1b]{payload}{end}after") == before + "after"


@given(text=st.text(max_size=60), width=widths)
def test_shortened_text_is_never_wider_than_asked(text: str, width: int) -> None:
    for short in (shorten(text, width), middle(text, width)):
        assert len(short) <= max(0, width)
        if len(text) <= width:
            assert short == text


@given(count_bytes=st.floats(0, 2**64), ratio=st.floats(0, 1), seconds=st.floats(0, 3e10))
def test_a_figure_fits_its_column(count_bytes: float, ratio: float, seconds: float) -> None:
    assert len(size(count_bytes)) <= 5
    assert len(percent(ratio)) <= 4
    assert len(duration(seconds)) <= 4
    assert (percent(ratio) == "100%") == (ratio == 1)
