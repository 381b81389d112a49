"""A table of hosts (or of anything with a key) whose cursor sticks to the row, not to the place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from opsdash.widgets.line import Line, Role, Span, fit, fit_line, fit_right
from opsdash.widgets.line_view import LineView
from opsdash.widgets.palette import Palette

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column: heading, width in cells, and how its cell is made from a row's value.

    `cell` gets the width that it may fill. With `flexible` the column takes the room that is left,
    at least its `width` while others can go: when the terminal is narrow, columns leave by `rank`,
    the highest first; rank 0 always stays.
    """

    title: str
    width: int
    cell: Callable[[T, int], Line]
    rank: int = 0
    right: bool = False
    flexible: bool = False


def fit_columns(columns: Sequence[Column[T]], width: int) -> list[tuple[Column[T], int]]:
    """The columns that `width` cells have room for, each with its own width."""
    shown = list(columns)
    while _needed(shown) > width and any(column.rank for column in shown):
        shown.remove(max(reversed(shown), key=lambda column: column.rank))
    spare = width - _needed(shown)
    return [(c, max(1, c.width + spare) if c.flexible else c.width) for c in shown]


def _needed(columns: Sequence[Column[T]]) -> int:
    return sum(column.width for column in columns) + len(columns) - 1


class Grid(LineView, Generic[T]):
    """Rows by key under a heading. Cells are made for the rows on the screen only.

    Until the user moves, the cursor stays on the first row, which is the worst one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", id="nav.in"),
    ]

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

    def __init__(
        self,
        columns: Sequence[Column[T]],
        value: Callable[[str], T],
        look: Callable[[], Palette],
        dom_id: str | None = None,
    ) -> None:
        super().__init__(look, dom_id)
        self._columns = tuple(columns)
        self._value = value
        self._keys: Sequence[str] = ()
        self._places: dict[str, int] = {}
        self._fitted: tuple[int, list[tuple[Column[T], int]]] = (-1, [])
        self.cursor_key: str | None = None
        self._steered = False

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
        if not self._steered:
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
        """One line per key."""
        return len(self._keys)

    def line_at(self, index: int) -> Line:
        """The heading, or a row's cells side by side."""
        fitted = self._fitted_columns()
        if index < 0:
            return _joined([_heading(column, width) for column, width in fitted])
        value = self._value(self._keys[index])
        return _joined([fit_line(column.cell(value, width), width) for column, width in fitted])

    def is_lit(self, index: int) -> bool:
        """The cursor's row is lit over its full width."""
        return self._keys[index] == self.cursor_key

    def _fitted_columns(self) -> list[tuple[Column[T], int]]:
        width = self.size.width
        if self._fitted[0] != width:
            self._fitted = (width, fit_columns(self._columns, width))
        return self._fitted[1]

    # -- moving ---------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self._steered = True
        self._point(self.cursor + rows)
        self.sync()
        self._keep_in_sight()

    def on_resize(self) -> None:
        """However small the screen gets, the cursor stays on it."""
        self._keep_in_sight()

    def action_choose(self) -> None:
        """Say that the user wants the cursor's row in full."""
        if self.cursor_key is not None:
            self.post_message(self.RowChosen(self.cursor_key))

    def on_click(self, event: events.Click) -> None:
        """A click points; a click on the cursor's row opens it."""
        index = self._index_at(event.y)
        if not 0 <= index < len(self._keys):
            return
        if index == self.cursor:
            self.action_choose()
        self.action_move(index - self.cursor)

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


def _heading(column: Column[T], width: int) -> Line:
    text = (fit_right if column.right else fit)(column.title, width)
    return (Span(text, Role.MUTED),)


def _joined(cells: list[Line]) -> Line:
    parts: list[Span] = []
    for cell in cells:
        if parts:
            parts.append(Span(" "))
        parts.extend(cell)
    return tuple(parts)
