"""Entries that grow below, each in one line or wrapped in several, with a cursor on one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from opsdash.core.program_keys import MOVING, ROWS
from opsdash.widgets.bindings import binding_of, bindings_of
from opsdash.widgets.line import Line
from opsdash.widgets.line_view import LineView
from opsdash.widgets.palette import Palette

WHEEL = 3
"""Entries that a notch of the wheel moves."""

PARTING = -1
"""In place of an entry's place, where there is none."""

Drawn = Callable[[int], Sequence[Line]]
"""The lines that the entry at a place takes: at least one."""


class LogView(LineView, inherit_bindings=False):
    """While it follows, the cursor stays on the last entry, whatever comes; it stops following when
    the user goes up, and goes on when they come to the end again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(MOVING),
        *(binding_of(key) for key in ROWS.keys if key.id == "nav.in"),
    ]

    class Pointed(Message):
        """The cursor came to another entry."""

    class Chosen(Message):
        """The user wants to see the entry under the cursor in full."""

    class FollowChanged(Message):
        """It follows from now on, or no longer."""

    def __init__(
        self, count: Callable[[], int], drawn: Drawn, look: Callable[[], Palette], dom_id: str
    ) -> None:
        super().__init__(look, dom_id)
        self._count = count
        self._drawn = drawn
        self.cursor = 0
        self.follow = True
        self.nothing: Sequence[Line] = ()
        """What stands in place of entries where there are none: why, and what would fill it."""
        self.parted: Callable[[int], Line | None] = lambda _: None
        """What stands above the entry at a place, to part it from the one before; None: nothing."""
        self._page: list[tuple[int, Line]] = []
        self._top = (0, 0)
        """The entry at the top of the screen, and how many of its rows are above it."""

    # -- what it shows --------------------------------------------------------------------------

    def line_count(self) -> int:
        """One for each entry, or what is said in place of them; wrapped ones count once too."""
        return self._count() or len(self.nothing)

    def show_entries(self, moved: int = 0) -> None:
        """Draw what there is now; `moved` is by how many places known entries have moved down."""
        last = max(0, self._count() - 1)
        if self.follow:
            self.cursor = last
        else:
            self.cursor = min(max(0, self.cursor + moved), last)
            self._top = (max(0, self._top[0] + moved), self._top[1])
        self._lay_out()
        self.sync()

    def _lay_out(self) -> None:
        """Which lines of which entries stand on the screen: the cursor's entry is among them, and
        the others stay where they were as far as that allows.
        """
        if self.follow:
            self._up_to(self._count() - 1)
        elif self.cursor <= self._top[0]:
            self._from(self.cursor)
        else:
            self._from(*self._top)
            if not self._shows_cursor():
                self._up_to(self.cursor)
        if len(self._page) < self.page_rows:
            self._up_to(self._count() - 1)
        self.show_from(self._top[0])

    def _shows_cursor(self) -> bool:
        """Whether all rows of the cursor's entry are on the page."""
        shown = sum(place == self.cursor for place, _ in self._page)
        return 0 < shown == len(self._drawn(self.cursor))

    def _rows(self, place: int) -> list[tuple[int, Line]]:
        """The rows of an entry, below the one that parts it from the one before."""
        above = self.parted(place)
        parting = [(PARTING, above)] if above is not None else []
        return parting + [(place, parts) for parts in self._drawn(place)]

    def _from(self, top: int, above: int = 0) -> None:
        """The entries from this one on, without so many of its rows."""
        rows, found, top = self.page_rows, list[tuple[int, Line]](), max(0, top)
        for place in range(top, self._count()):
            found += self._rows(place)
            if place == top:  # it may have had more rows before
                above = min(above, len(found) - 1)
            if len(found) >= above + rows:
                break
        self._page, self._top = found[above : above + rows], (top, above)

    def _up_to(self, last: int) -> None:
        """So many entries that the last one stands at the bottom; of a taller one its begin."""
        rows, found, top = self.page_rows, list[tuple[int, Line]](), max(0, last)
        for top in range(last, -1, -1):
            found[:0] = self._rows(top)
            if len(found) >= rows:
                break
        above = max(0, len(found) - rows) if top < last else 0
        self._page, self._top = found[above : above + rows], (max(0, top), above)

    def _content(self, index: int) -> tuple[Line, bool]:
        if not self._count():
            place = index - round(self.scroll_offset.y)
            return (self.nothing[place] if 0 <= place < len(self.nothing) else ()), False
        row = index - round(self.scroll_offset.y)
        if not 0 <= row < len(self._page):
            return (), False
        place, parts = self._page[row]
        return parts, place == self.cursor

    # -- moving ---------------------------------------------------------------------------------

    def point(self, place: int) -> None:
        """Put the cursor on an entry, and bring it into sight."""
        last = max(0, self._count() - 1)
        before, follows = self.cursor, self.follow
        self.cursor = min(max(0, place), last)
        self.follow = place >= last and (follows or place > last)
        self._lay_out()
        self.sync()
        if follows is not self.follow:
            self.post_message(self.FollowChanged())
        if before != self.cursor:
            self.post_message(self.Pointed())

    def action_move(self, rows: int) -> None:
        """Go so many entries down, or up; below the last one it follows."""
        self.point(self.cursor + rows)

    def action_last(self) -> None:
        """To the last, and follow."""
        self.point(self._count())

    def hold(self, *, follow: bool) -> None:
        """Follow, or stay here."""
        if follow:
            self.action_last()
        elif self.follow:
            self.follow = False
            self.post_message(self.FollowChanged())

    def action_choose(self) -> None:
        """The entry in full."""
        if self._count():
            self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """A click points; a second one opens."""
        row = event.y
        if 0 <= row < len(self._page):
            place = self._page[row][0]
            if place == self.cursor:
                self.action_choose()
            elif place != PARTING:
                self.point(place)

    def on_resize(self) -> None:
        """Another size has room for other lines."""
        super().on_resize()
        self._lay_out()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor: what follows would pull the page back."""
        self._wheel(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        self._wheel(event, -WHEEL)

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        self.action_move(rows)
