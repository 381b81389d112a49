"""The line for who sees opsdash for the first time: a few keys, until it is put away for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual.geometry import Size

from opsdash.core.kept import Keeper
from opsdash.core.keymap import Keymap
from opsdash.widgets.line import Line, Role, Span, join, width_of
from opsdash.widgets.line_view import Bar
from opsdash.widgets.palette import Palette

CHOICE, PUT_AWAY = "hint.first", "put away"
ROWS = 18
"""Rows of the screen from which there is a line to spare."""

WORDS = (
    ("help", "all keys"),
    ("filter.open", "filter"),
    ("cmd.open", "anything by name"),
    ("nav.in", "open a host"),
    ("nav.out", "back"),
)


def hint_line(keymap: Keymap, width: int) -> Line:
    """``New here? ? all keys · / filter · … · h hides this``: as much of it as fits."""
    known = [(keymap.of(name), words) for name, words in WORDS]
    parts: list[Line] = [(Span("New here?", Role.STRONG),)]
    parts += [(Span(key, Role.ACCENT), Span(f" {words}")) for key, words in known if key]
    hides = (Span(keymap.of("hint.hide"), Role.ACCENT), Span(" puts this line away"))
    if not keymap.of("hint.hide"):
        hides = (Span(keymap.of("cmd.open"), Role.ACCENT), Span(" hide hint puts this line away"))
    between = Span("  ")
    while len(parts) > 1 and width_of(join([*parts, hides], between)) > width:
        parts.pop()
    return join([*parts, hides], between)


class FirstHint(Bar):
    """Hidden unless it was never put away and there is room; it covers nothing."""

    DEFAULT_CSS = """
    FirstHint { display: none; padding: 0 0; }
    FirstHint.-shown { display: block; }
    """

    def __init__(self, look: Callable[[], Palette], keymap: Callable[[], Keymap]) -> None:
        super().__init__(look, "first-hint")
        self._keymap = keymap
        self.wanted = False

    @property
    def shown(self) -> bool:
        """Whether it is there now."""
        return self.has_class("-shown")

    def offer(self, keeper: Keeper) -> None:
        """Be there from now on, unless somebody put it away once."""
        self.wanted = keeper.kept.choices.get(CHOICE) != PUT_AWAY
        self.fit_in(self.screen.size)

    def fit_in(self, size: Size) -> None:
        """Be there if a screen of this size has room."""
        self.set_class(self.wanted and size.height >= ROWS, "-shown")
        self.set_lines([hint_line(self._keymap(), size.width)])

    def put_away(self, keeper: Keeper) -> None:
        """Never again."""
        self.wanted = False
        self.fit_in(self.screen.size)
        kept = keeper.kept
        keeper.keep(replace(kept, choices={**kept.choices, CHOICE: PUT_AWAY}))
