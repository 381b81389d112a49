"""The columns of a table: what each cell says, and which of them a width has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opsdash.widgets.line import Line, Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column: heading, width in cells, and how its cell is made from a row's value.

    `cell` gets the width that it may fill. With `flexible` the column takes the room that is left,
    at least its `width` while others can go: when the terminal is narrow, columns leave by `rank`,
    the highest first; rank 0 always stays. `sort` names the order that a click on it asks for.
    """

    title: str
    width: int
    cell: Callable[[T, int], Line]
    rank: int = 0
    right: bool = False
    flexible: bool = False
    sort: str = ""


def fit_columns(columns: Sequence[Column[T]], width: int) -> list[tuple[Column[T], int]]:
    """The columns that `width` cells have room for, each with its own width."""
    shown = list(columns)
    while _needed(shown) > width and any(column.rank for column in shown):
        shown.remove(max(reversed(shown), key=lambda column: column.rank))
    spare = width - _needed(shown)
    return [(c, max(1, c.width + spare) if c.flexible else c.width) for c in shown]


def _needed(columns: Sequence[Column[T]]) -> int:
    return sum(column.width for column in columns) + len(columns) - 1


def side_by_side(cells: Sequence[Line]) -> Line:
    """Cells in one line, a space between them."""
    parts: list[Span] = []
    for cell in cells:
        if parts:
            parts.append(Span(" "))
        parts.extend(cell)
    return tuple(parts)
