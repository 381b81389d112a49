"""From lines to painted strips, and what differs between two of them."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from opsdash.core.text import clean_line
from opsdash.widgets.line import Line, Role
from opsdash.widgets.palette import Palette


def paint(parts: Line, width: int, palette: Palette, over: Style | None = None) -> Strip:
    """A line as a strip of exactly `width` cells; `over` is laid over every style: cursor, bars.

    The last gate for text from hosts: what a terminal would obey ends here at the latest.
    """
    styles = palette.styles
    segments = [
        Segment(palette.drawable(clean_line(part.text)), _over(styles[part.role], over))
        for part in parts
    ]
    return Strip(segments).adjust_cell_length(width, _over(styles[Role.TEXT], over))


def _over(style: Style, over: Style | None) -> Style:
    return style if over is None else style + over


def changed_cells(before: Strip, after: Strip) -> tuple[int, int]:
    """From which cell to which (exclusive) two strips of one width differ; (0, 0): nowhere.

    Only this part is sent to the terminal: an age that ticks costs its digits, not its row.
    """
    old, new = list(before), list(after)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    if head == len(old) == len(new):
        return (0, 0)
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start = sum(cell_len(part.text) for part in new[:head])
    end = after.cell_length - sum(cell_len(part.text) for part in new[len(new) - tail :])
    before_end = before.cell_length - sum(cell_len(part.text) for part in old[len(old) - tail :])
    return (start, max(end, before_end))
