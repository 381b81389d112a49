"""Whatever a host says, a painted row is exactly as wide as it must be and holds no command."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.strip import Strip

from opsdash.core.text import clean
from opsdash.widgets.line import Line, Role, Span, fit, fit_line, fit_right
from opsdash.widgets.palette import Palette
from opsdash.widgets.strips import changed_cells, paint
from tests.looks import NIGHT

PALETTE = Palette(NIGHT)
ASCII = Palette(NIGHT, ascii_only=True)
SPANS = st.builds(Span, st.text(max_size=20), st.sampled_from(Role))
LINES = st.lists(SPANS, max_size=6).map(tuple)
MARKED = st.lists(
    st.builds(Span, st.text("ab \u0301\u4e2d\U000e0000", max_size=6), st.sampled_from(Role)),
    max_size=3,
).map(tuple)
"""Lines of letters with marks, and wide ones, that differ in little."""

WIDTHS = st.integers(0, 60)


@given(LINES, WIDTHS, st.sampled_from([PALETTE, ASCII]))
def test_a_painted_row_fills_its_width_and_holds_nothing_to_obey(
    parts: Line, width: int, palette: Palette
) -> None:
    strip = paint(parts, width, palette)
    assert sum(cell_len(segment.text) for segment in strip) == width
    assert clean(strip.text) == strip.text
    assert not any(segment.control for segment in strip)


@given(LINES, WIDTHS)
def test_ascii_only_means_ascii_only(parts: Line, width: int) -> None:
    assert paint(parts, width, ASCII).text.isascii()


@given(st.text(max_size=30), WIDTHS)
def test_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit_right(text, width)) == width


@given(LINES, WIDTHS)
def test_a_fitted_line_has_exactly_its_width(parts: Line, width: int) -> None:
    assert sum(cell_len(part.text) for part in fit_line(parts, width)) == width


@example((), (Span("0\u0301"),), 2)
@example((Span("0\u0301"),), (Span("1\u0301 x"),), 3)
@example((Span("a\u0301b"),), (Span("a\u0301c"),), 3)
@example((Span("a\u0301b"),), (Span("c\u0301b"),), 3)
@example((Span("\U0001da00"),), (), 1)
@given(LINES | MARKED, LINES | MARKED, st.integers(1, 60))
def test_painting_only_the_changed_cells_gives_the_new_row(
    before: Line, after: Line, width: int
) -> None:
    old, new = paint(before, width, PALETTE), paint(after, width, PALETTE)
    start, end = changed_cells(old, new)
    patched = Strip.join([old.crop(0, start), new.crop(start, end), old.crop(end, width)])
    assert patched.text == new.text
    assert _cells(patched) == _cells(new)


def _cells(strip: Strip) -> list[tuple[str, str]]:
    return [(char, str(part.style)) for part in strip for char in part.text]
