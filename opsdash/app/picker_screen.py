"""A list to pick from by a few letters: the palette, the jump to a host, orders, what to copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input

from opsdash.app.once import OnceScreen
from opsdash.core.program_keys import PICKER
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.columns import Column
from opsdash.widgets.entries import Entry, Match, matches
from opsdash.widgets.grid import Grid
from opsdash.widgets.key_hints import KeyHints
from opsdash.widgets.keyed import keymap_of
from opsdash.widgets.line import Line, Role, Span, line, spread
from opsdash.widgets.line_view import Bar
from opsdash.widgets.palette import Palette
from opsdash.widgets.typed_ahead import Field

TITLE = 34
NOTHING = "there is nothing to pick from"
LONGEST = 200
"""Characters that can be typed: titles are shorter."""

Picked = tuple[Entry, str]


class PickerScreen(OnceScreen[Picked | None]):
    """Typing narrows the list, enter picks, escape leaves; what can't be picked says why not."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (10, "-roomy")]

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(PICKER)

    def __init__(self, title: str, entries: Sequence[Entry], look: Callable[[], Palette]) -> None:
        super().__init__()
        self._heading = title
        self._entries = entries
        self._look = look
        self._found: dict[str, Match] = {}
        self._shown: Entry | None = None
        self._nothing = NOTHING
        self._typed = ""

    def compose(self) -> ComposeResult:
        """What is picked, the field, the list, the keys."""
        with Vertical(id="picker"):
            yield Bar(self._look, "picker-title")
            yield Field(compact=True, id="picker-field", max_length=LONGEST)
            yield Grid[Match](self._found.__getitem__, self._look, "picker-list")
        yield KeyHints(self._look)

    def on_mount(self) -> None:
        """Everything to begin with."""
        field = self.query_one("#picker-field", Input)
        field.cursor_blink = False
        self.set_focus(field)
        grid = self.grid
        grid.can_focus = False
        grid.header_rows = 0
        grid.columns = [
            Column("", TITLE, _title),
            Column("", 10, _about, flexible=True),
            Column("", 8, _key, rank=1),
        ]
        self._narrow("")

    @property
    def grid(self) -> Grid[Match]:
        """The list."""
        return self.query_one("#picker-list", Grid)

    def on_key(self, event: events.Key) -> None:
        """Letters that were typed before the field was there belong to it."""
        field = self.query_one("#picker-field", Input)
        if event.character and event.is_printable and not field.has_focus:
            field.insert_text_at_cursor(event.character)
            event.stop()

    @on(Input.Submitted, "#picker-field")
    def enter(self, event: Input.Submitted) -> None:
        """Enter in the field picks by what stood there then."""
        event.stop()
        if event.value != self._typed:  # of a burst of keys not all have been heeded yet
            self._narrow(event.value)
        self.action_pick()
        field = self.query_one("#picker-field", Field)
        if self.is_current:
            field.go_on()
        else:
            field.hand_on()

    @on(Input.Changed, "#picker-field")
    def narrow(self, event: Input.Changed) -> None:
        """Show what fits."""
        event.stop()
        if event.value == event.input.value:  # of a burst of keys only the last one counts
            self._narrow(event.value)

    def _narrow(self, typed: str) -> None:
        self._typed = typed
        self._found.clear()
        leaves = keymap_of(self.app).sentence("pick.leave", ", or ")
        self._nothing = f"nothing fits {typed!r}: type less{leaves}" if typed else NOTHING
        self.grid.nothing = [line(Span(self._nothing, Role.MUTED))]
        self._found.update({str(n): match for n, match in enumerate(matches(self._entries, typed))})
        self.grid.set_keys(tuple(self._found))
        self.grid.action_first()
        self.grid.repaint()
        self._preview()
        self._say_heading()

    def _say_heading(self) -> None:
        number = f"{len(self._found)} of {len(self._entries)}, enter picks"
        heading = line(Span(f": {self._heading}", Role.HEADING))
        title = spread(heading, line(Span(number, Role.MUTED)), max(20, self.grid.size.width))
        self.query_one("#picker-title", Bar).set_lines([title])

    @on(Grid.RowPointed)
    def look_at(self, event: Grid.RowPointed) -> None:
        """The cursor is on another row."""
        event.stop()
        self._preview()

    def _preview(self) -> None:
        """Show what the row under the cursor would do, if it can be shown."""
        match = self._found.get(self.grid.cursor_key or "")
        entry = match.entry if match is not None and match.entry.preview else None
        if entry is self._shown:
            return
        before, self._shown = self._shown, entry
        if entry is not None and entry.preview is not None:
            entry.preview(True)
        elif before is not None and before.preview is not None:
            before.preview(False)

    def on_unmount(self) -> None:
        """What was only looked at is as before."""
        if self._shown is not None and self._shown.preview is not None:
            self._shown.preview(False)

    def on_resize(self) -> None:
        """Another width, another title line."""
        if self.is_mounted:
            self._say_heading()

    def action_move(self, rows: int) -> None:
        """Up and down the list, while the letters go to the field."""
        self.grid.action_move(rows)

    def action_pick(self) -> None:
        """Take the one under the cursor."""
        match = self._found.get(self.grid.cursor_key or "")
        if match is None:
            self.query_one(KeyHints).say(self._nothing)
            return
        entry, argument = match.entry, match.argument
        if entry.disabled:
            self.query_one(KeyHints).say(entry.disabled)
        elif entry.needs_argument and not argument:
            field = self.query_one("#picker-field", Input)
            field.value = f"{entry.title} "
            field.cursor_position = len(field.value)
            self.query_one(KeyHints).say(f"type behind it: {entry.title} {entry.takes}")
        else:
            self._shown = None  # what was shown holds now
            self.dismiss((entry, argument))

    @on(Grid.RowChosen)
    def take(self, event: Grid.RowChosen) -> None:
        """A click on the cursor's row picks it."""
        event.stop()
        self.action_pick()

    def action_leave(self) -> None:
        """Nothing is picked."""
        self.dismiss(None)


def _title(match: Match, width: int) -> Line:
    """The title with the letters that were meant."""
    meant = set(match.places)
    base = Role.MUTED if match.entry.disabled else Role.TEXT
    spans: list[Span] = []
    for place, letter in enumerate(match.entry.title):
        role = Role.HEADING if place in meant else base
        if spans and spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + letter, role)
        else:
            spans.append(Span(letter, role))
    if match.entry.takes:
        spans.append(Span(f" {match.argument or match.entry.takes}", Role.ACCENT))
    return tuple(spans)


def _about(match: Match, width: int) -> Line:
    return line(Span(match.entry.disabled or match.entry.about, Role.MUTED))


def _key(match: Match, width: int) -> Line:
    return line(Span(match.entry.key.rjust(width), Role.ACCENT))
