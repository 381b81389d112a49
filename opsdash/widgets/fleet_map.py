"""The fleet as one cell per host, by kind: how much of it is sick, and where, at one glance.

Hosts keep their place, so that eyes learn it. Where room is short those that are well become a
number, then the sick ones too: nothing is left out silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from textual import events
from textual.message import Message

from opsdash.core.health import Health, worst
from opsdash.core.snapshot import HostState
from opsdash.widgets.line import ROLES, Line, Role, Span, width_of
from opsdash.widgets.line_view import Bar
from opsdash.widgets.palette import Palette

GAP = 2
Kinds = Sequence[tuple[str, Sequence[HostState]]]
Spots = dict[tuple[int, int], str]
"""Which host stands at which row and cell."""


def _cells(states: Iterable[HostState], palette: Palette) -> list[tuple[Span, str]]:
    return [
        (Span(palette.glyph(state.health), _role(state.health)), state.name) for state in states
    ]


def _role(health: Health) -> Role:
    return Role.MUTED if health is Health.OK else ROLES[health]


def _sick_cells(states: Iterable[HostState], palette: Palette) -> list[tuple[Span, str]]:
    """The sick ones one by one, the others as a number."""
    states = tuple(states)
    well = sum(state.health is Health.OK for state in states)
    cells = _cells((state for state in states if state.health is not Health.OK), palette)
    glyph = palette.glyph(Health.OK)
    return [*cells, (Span(f"{glyph}{well}", Role.MUTED), "")] if well else cells


def _tallies(states: Iterable[HostState], palette: Palette) -> list[tuple[Span, str]]:
    counts = Counter(state.health for state in states)
    return [
        (Span(f"{palette.glyph(health)}{counts[health]}", _role(health)), "")
        for health in sorted(counts, reverse=True)
    ]


Cells = Callable[[Iterable[HostState], Palette], "list[tuple[Span, str]]"]
DETAILS: tuple[Cells, ...] = (_cells, _sick_cells, _tallies)
"""From one cell per host to numbers alone: the first that fits is taken."""


def map_lines(kinds: Kinds, palette: Palette, width: int, rows: int) -> tuple[list[Line], Spots]:
    """The map in at most `rows` lines of `width` cells, and where each host is in it."""
    lines: list[Line] = []
    for cells in DETAILS:
        lines, spots = _laid_out(kinds, cells, palette, width)
        if len(lines) <= rows:
            return lines, spots
    lines, _ = _laid_out(_sick_first(kinds), _tallies, palette, width)
    return lines if len(lines) <= rows else [*lines[: rows - 1], _cut(lines[rows - 1], width)], {}


def _sick_first(kinds: Kinds) -> Kinds:
    """The kinds with sick hosts, the worst first; those without any are one kind at the end."""
    sick = [(kind, states) for kind, states in kinds if _worst(states) is not Health.OK]
    well = [states for _, states in kinds if _worst(states) is Health.OK]
    sick.sort(key=lambda entry: -_worst(entry[1]))
    rest = [state for states in well for state in states]
    return [*sick, (f"{len(well)} other kinds", rest)] if rest else sick


def _worst(states: Sequence[HostState]) -> Health:
    return worst(state.health for state in states)


def _cut(parts: Line, width: int) -> Line:
    """A line that says that there is more than it shows."""
    kept: list[Span] = []
    left = width - 2
    for part in parts:
        left -= width_of((part,))
        if left < 0:
            break
        kept.append(part)
    return (*kept, Span(" …", Role.MUTED))


def _laid_out(kinds: Kinds, cells: Cells, palette: Palette, width: int) -> tuple[list[Line], Spots]:
    """All kinds side by side; one that does not fit on the line goes on with the next."""
    lines: list[list[Span]] = [[]]
    spots: Spots = {}
    x = 0
    for kind, states in kinds:
        made = cells(states, palette)
        head = Span(f"{kind} ", Role.MUTED)
        size = width_of((head,))
        whole = size + sum(width_of((span,)) for span, _ in made)
        if x and x + GAP + min(whole, width) > width:
            lines.append([])
            x = 0
        elif x:
            lines[-1].append(Span(" " * GAP))
            x += GAP
        lines[-1].append(head)
        x += size
        for span, name in made:
            wide = width_of((span,))
            if x + wide > width:
                lines.append([])
                x = 0
            if name:
                spots[len(lines) - 1, x] = name
            lines[-1].append(span)
            x += wide
    return [tuple(parts) for parts in lines], spots


class FleetMap(Bar):
    """The map on the screen; a click on a cell points at its host."""

    class CellChosen(Message):
        """The user points at a host on the map."""

        def __init__(self, host: str) -> None:
            super().__init__()
            self.host = host

    def __init__(self, look: Callable[[], Palette], dom_id: str | None = None) -> None:
        super().__init__(look, dom_id)
        self._spots: Spots = {}
        self._drawn: tuple[object, ...] = ()

    def show(self, kinds: Kinds, rows: int, width: int) -> None:
        """Draw these hosts in at most so many rows, as few as they need; 0 hides the map.

        `width` is the page's: the map's own is not known when it is drawn for the first time.
        """
        self.display = rows > 0 and bool(kinds)
        if not self.display:
            return
        healths = [state.health for _, states in kinds for state in states]
        drawn = (healths, [kind for kind, _ in kinds], width, rows, self.look())
        if drawn == self._drawn:
            return
        self._drawn = drawn
        lines, self._spots = map_lines(kinds, self.look(), width, rows)
        if self.styles.height is None or self.size.height != len(lines):
            self.styles.height = len(lines)
        self.set_lines(lines)

    def on_click(self, event: events.Click) -> None:
        """A cell is a host."""
        host = self._spots.get((event.y, event.x))
        if host is not None:
            self.post_message(self.CellChosen(host))
