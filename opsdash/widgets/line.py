"""Lines of text with a role per part: what every live widget draws, before colours are chosen.

A part says what it is (a warning, a heading), not how it looks: the palette decides that. Text
from hosts can stand in any part; it is never parsed, and it is made safe once more where it is
measured and where it is drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

from opsdash.core.health import Health
from opsdash.core.text import clean_line


class Role(StrEnum):
    """What a piece of text is; a theme has a look for each."""

    TEXT = "text"
    STRONG = "strong"
    MUTED = "muted"
    ACCENT = "accent"
    HEADING = "heading"
    OK = "ok"
    UNKNOWN = "unknown"
    WARN = "warn"
    CRIT = "crit"
    DOWN = "down"
    PAST = "past"
    HUE_1 = "hue-1"
    HUE_2 = "hue-2"
    HUE_3 = "hue-3"
    HUE_4 = "hue-4"
    HUE_5 = "hue-5"
    HUE_6 = "hue-6"


HUES = (Role.HUE_1, Role.HUE_2, Role.HUE_3, Role.HUE_4, Role.HUE_5, Role.HUE_6)
"""Colours that mean nothing: they tell names apart, beside the names themselves."""

ROLES: dict[Health, Role] = {health: Role[health.name] for health in Health}
"""The role of text that speaks of a health."""


class Span(NamedTuple):
    """Some text and what it is."""

    text: str
    role: Role = Role.TEXT


Line = tuple[Span, ...]
"""One row of the screen. Lines are compared to find out what must be painted again."""


def line(*parts: Span | str) -> Line:
    """A line of these parts; a plain string is ordinary text."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def width_of(parts: Line) -> int:
    """How many terminal cells a line takes: wide characters count two."""
    return sum(cell_len(clean_line(part.text)) for part in parts)


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells: filled with spaces, or cut with an ellipsis."""
    text = clean_line(text)
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def fit_right(text: str, width: int) -> str:
    """fit(), but with the spaces in front: for figures."""
    text = clean_line(text)
    return " " * (width - cell_len(text)) + text if cell_len(text) < width else fit(text, width)


def fit_line(parts: Line, width: int) -> Line:
    """A line in exactly `width` cells: filled with spaces, or its end cut with an ellipsis."""
    fitted: list[Span] = []
    left = width
    for text, role in parts:
        safe = clean_line(text)
        size = cell_len(safe)
        fitted.append(Span(safe if size <= left else fit(safe, left), role))
        if size > left:
            return tuple(fitted)
        left -= size
    return (*fitted, Span(" " * left)) if left else tuple(fitted)


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` at the left edge and `right` at the right one; when short of room `left` is cut."""
    room = width - width_of(right)
    return (*fit_line(left, room), *right) if room > 0 else fit_line(left, width)


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where there are any."""
    room = max(width, 8)
    lines = [clean_line(raw) for raw in text.split("\n")]
    wrapped = [textwrap.wrap(raw, room) or [""] for raw in lines]
    return [part for parts in wrapped for long in parts for part in _in_cells(long, room)]


def _in_cells(text: str, width: int) -> list[str]:
    """A line of so many characters in as many as it needs where some are two cells wide."""
    return [text] if text.isascii() or cell_len(text) <= width else chop_cells(text, width)


def join(lines: Iterable[Line], between: Span) -> Line:
    """Several lines in one, with a separator between them."""
    joined: list[Span] = []
    for parts in lines:
        if joined:
            joined.append(between)
        joined.extend(parts)
    return tuple(joined)


def beside(left: Sequence[Line], right: Sequence[Line], width: int) -> list[Line]:
    """Two columns in lines of `width` cells, with a gap of three between them."""
    half = (width - 3) // 2
    rows = max(len(left), len(right))
    gap = Span("   ")
    return [(*fit_line(_at(left, row), half), gap, *_at(right, row)) for row in range(rows)]


def _at(lines: Sequence[Line], row: int) -> Line:
    return lines[row] if row < len(lines) else ()
