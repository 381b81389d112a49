"""A table of hosts (or of anything with a key) whose cursor sticks to the row, not to the place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from opsdash.core.program_keys import ROWS
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.columns import Column, fit_columns, side_by_side
from opsdash.widgets.key_hints import tell
from opsdash.widgets.line import Line, Role, Span, fit, fit_line, fit_right
from opsdash.widgets.line_view import LineView
from opsdash.widgets.marks import Marks
from opsdash.widgets.palette import Palette

T = TypeVar("T")

NO_ROW = "there is no row to mark"


Banner = Callable[[str, int], "Line | None"]
"""The whole line of a row that has no cells, by its key and the width; None: it has cells."""

Members = Callable[[str], Sequence[str]]
"""What a row stands for when it is marked: itself, or the rows of its group."""


def _no_banner(key: str, width: int) -> Line | None:
    return None


class Grid(LineView, Generic[T]):
    """Rows by key under a heading. Cells are made for the rows on the screen only.

    Until the user moves, the cursor stays on the first row, which is the worst one.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ROWS)

    header_rows = 1

    class RowChosen(Message):
        """The user wants to see this row in full."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class RowPointed(Message):
        """The cursor came to another row."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class HeadingChosen(Message):
        """The user wants rows sorted by this column."""

        def __init__(self, sort: str) -> None:
            super().__init__()
            self.sort = sort

    class MarksChanged(Message):
        """Other rows are marked now."""

    def __init__(
        self,
        value: Callable[[str], T],
        look: Callable[[], Palette],
        dom_id: str | None = None,
        *,
        banner: Banner = _no_banner,
        members: Members = lambda key: (key,),
    ) -> None:
        super().__init__(look, dom_id)
        self._columns: tuple[Column[T], ...] = ()
        self._value = value
        self._banner = banner
        self._members = members
        self.marks = Marks()
        self.nothing: Sequence[Line] = ()
        """What stands in place of rows where there are none: why, and what would fill it."""
        self.sorted_by = ""
        self._keys: Sequence[str] = ()
        self._places: dict[str, int] = {}
        self._fitted: tuple[int, list[tuple[Column[T], int]]] = (-1, [])
        self.cursor_key: str | None = None
        self.steered = False

    # -- what it shows --------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[Column[T], ...]:
        """All columns, the hidden ones included."""
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column[T]]) -> None:
        self._columns = tuple(columns)
        self._fitted = (-1, [])

    def set_keys(self, keys: Sequence[str]) -> None:
        """Show these rows in this order; the cursor stays on its row wherever that goes."""
        place = self.cursor
        in_sight = 0 <= place - self.scroll_offset.y < self.page_rows
        self._keys = keys
        self._places = {key: index for index, key in enumerate(keys)}
        if not self.steered:
            self._point(0)
        elif self.cursor_key not in self._places:
            self._point(place)
        self.sync()
        if in_sight:
            self._keep_in_sight()

    @property
    def cursor(self) -> int:
        """The index of the cursor's row."""
        return self._places.get(self.cursor_key or "", 0)

    def line_count(self) -> int:
        """One line per key, or what is said in place of rows."""
        return len(self._keys) or len(self.nothing)

    def line_at(self, index: int) -> Line:
        """The heading, a banner, or a row's cells side by side."""
        fitted = self._fitted_columns()
        if index < 0:
            return side_by_side([self._heading(column, width) for column, width in fitted])
        if not self._keys:
            return self.nothing[index]
        banner = self._banner(self._keys[index], self.size.width)
        if banner is not None:
            return banner
        value = self._value(self._keys[index])
        return side_by_side(
            [fit_line(column.cell(value, width), width) for column, width in fitted]
        )

    def is_lit(self, index: int) -> bool:
        """The cursor's row is lit over its full width."""
        return bool(self._keys) and self._keys[index] == self.cursor_key

    def _heading(self, column: Column[T], width: int) -> Line:
        text = (fit_right if column.right else fit)(column.title, width)
        by_this = bool(column.sort) and column.sort == self.sorted_by
        return (Span(text, Role.HEADING if by_this else Role.MUTED),)

    def _fitted_columns(self) -> list[tuple[Column[T], int]]:
        width = self.size.width
        if self._fitted[0] != width:
            self._fitted = (width, fit_columns(self._columns, width))
        return self._fitted[1]

    # -- moving ---------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self._go(self.cursor + rows)

    def point_to(self, key: str) -> None:
        """Bring the cursor to a row; one that is not there is left alone."""
        if key in self._places:
            self._go(self._places[key])

    def _go(self, index: int) -> None:
        self.steered = True
        self._point(index)
        if self.marks.anchor is not None:
            self._stretch()
        self.sync()
        self._keep_in_sight()

    def on_resize(self) -> None:
        """However small the screen gets, the cursor stays on it."""
        self._keep_in_sight()

    def action_choose(self) -> None:
        """Say that the user wants the cursor's row in full."""
        if self.cursor_key is None:
            tell(self.screen, "there is no row to open")
        else:
            self.post_message(self.RowChosen(self.cursor_key))

    def on_click(self, event: events.Click) -> None:
        """A click points; one on the cursor's row opens it, one on the heading sorts."""
        index = self._index_at(event.y)
        if index < 0:
            self._choose_heading(event.x)
        if not 0 <= index < len(self._keys):
            return
        if index == self.cursor:
            self.action_choose()
        self._go(index)

    def _choose_heading(self, x: int) -> None:
        start = 0
        for column, width in self._fitted_columns():
            if start <= x < start + width and column.sort:
                self.post_message(self.HeadingChosen(column.sort))
            start += width + 1

    def _point(self, index: int) -> None:
        before = self.cursor_key
        index = min(max(0, index), len(self._keys) - 1)
        self.cursor_key = self._keys[index] if self._keys else None
        if self.cursor_key is not None and self.cursor_key != before:
            self.post_message(self.RowPointed(self.cursor_key))

    def _keep_in_sight(self) -> None:
        top, place = self.scroll_offset.y, self.cursor
        if place < top:
            self.show_from(place)
        elif place >= top + self.page_rows:
            self.show_from(place - self.page_rows + 1)

    # -- marking --------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the cursor's row, or what it stands for, and go on to the next one."""
        if self.cursor_key is None:
            tell(self.screen, NO_ROW)
            return
        self.marks.toggle(tuple(self._members(self.cursor_key)))
        self._go(self.cursor + 1)
        self._tell_marks()

    def action_mark_range(self) -> None:
        """Begin a range at the cursor, or end the one that was begun."""
        if self.marks.anchor is not None:
            self.marks.keep_range()
        elif self.cursor_key is not None:
            self.marks.begin_range(self.cursor_key)
            self._stretch()
        else:
            tell(self.screen, NO_ROW)
        self._tell_marks()

    def action_mark_all(self) -> None:
        """Mark every row that is shown, folded ones included."""
        if not self._keys:
            tell(self.screen, NO_ROW)
        self.marks.drop_range()
        self.marks.add([member for key in self._keys for member in self._members(key)])
        self._tell_marks()

    def action_unmark(self) -> None:
        """Clear all marks."""
        if not len(self.marks):
            tell(self.screen, "nothing is marked")
        self.marks.clear()
        self._tell_marks()

    def _stretch(self) -> None:
        anchor = self._places.get(self.marks.anchor or "")
        if anchor is None:
            self.marks.keep_range()  # the row where it began is not shown any more
            return
        first, last = sorted((anchor, self.cursor))
        covered = self._keys[first : last + 1]
        self.marks.stretch([member for key in covered for member in self._members(key)])
        self._tell_marks()

    def _tell_marks(self) -> None:
        self.sync()
        self.post_message(self.MarksChanged())
