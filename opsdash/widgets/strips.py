"""From lines to painted strips, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from opsdash.core.text import clean_line
from opsdash.widgets.line import Line, Role
from opsdash.widgets.palette import Palette


def paint(
    parts: Line, width: int, palette: Palette, styles: Mapping[Role, Style] | None = None
) -> Strip:
    """A line as a strip of exactly `width` cells; `styles` are other than the plain ones: bars.

    The last gate for text from hosts: what a terminal would obey ends here at the latest. Spaces
    take the style before them, as nobody sees their colour: each change of style costs 40 bytes.
    """
    styles = palette.styles if styles is None else styles
    segments: list[Segment] = []
    for text, role in parts:
        safe = palette.drawable(clean_line(text))
        marks = _leading_marks(safe)
        if marks and segments:  # they stand on the letter before, in its style
            segments[-1] = Segment(segments[-1].text + marks, segments[-1].style)
        safe = safe[len(marks) :]  # without a letter to stand on they would be no cell
        style = styles[role]
        if segments and (style == segments[-1].style or not safe.strip(" ")):
            segments[-1] = Segment(segments[-1].text + safe, segments[-1].style)
        elif safe:
            segments.append(Segment(safe, style))
    last = segments[-1].style if segments else styles[Role.TEXT]
    return Strip(segments).adjust_cell_length(width, last).simplify()


def _leading_marks(text: str) -> str:
    """What of it takes no cell of its own, up to the first letter."""
    place = 0
    while place < len(text) and not text[place].isascii() and cell_len(text[place]) == 0:
        place += 1
    return text[:place]


def changed_cells(before: Strip, after: Strip) -> tuple[int, int]:
    """From which cell to which (exclusive) two strips of one width differ; (0, 0): nowhere.

    What is outside need not be sent to the terminal.
    """
    old, new = _cells(before), _cells(after)
    most, head, tail = min(len(old), len(new)), 0, 0
    while head < most and old[head] == new[head]:
        head += 1
    if head == len(old) == len(new):
        return (0, 0)
    while tail < most - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    # a strip that is cut behind a letter with a mark loses the mark: such a letter is inside
    while head and _has_mark(old, head - 1):
        head -= 1
    while tail and (_has_mark(old, len(old) - tail - 1) or _has_mark(new, len(new) - tail - 1)):
        tail -= 1
    return (_width(new[:head]), after.cell_length - _width(new[len(new) - tail :]))


def _has_mark(cells: list[tuple[str, Style | None]], place: int) -> bool:
    return place >= 0 and len(cells[place][0]) > 1


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """Every character with its style; marks without a width stay with what they stand on."""
    cells: list[tuple[str, Style | None]] = []
    for text, style, _ in strip:
        for char in text:
            if cells and cell_len(char) == 0:
                cells[-1] = (cells[-1][0] + char, cells[-1][1])
            else:
                cells.append((char, style))
    return cells


def _width(cells: list[tuple[str, Style | None]]) -> int:
    return sum(cell_len(text) for text, _ in cells)
