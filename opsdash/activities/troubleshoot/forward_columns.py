"""The columns of the list of forwarded ports."""

from __future__ import annotations

from opsdash.core.forward import FORMS, Forward
from opsdash.core.text import duration, middle, size
from opsdash.widgets.columns import Column
from opsdash.widgets.line import Line, Role, Span, line

Row = tuple[Forward, float]
"""A forwarded port, and now."""


def _state(row: Row, width: int) -> Line:
    one, _ = row
    if not one.up:
        return line(Span("waits", Role.WARN))
    if one.said:
        return line(Span("no answer", Role.WARN))
    return line(Span("open", Role.OK))


def _right(text: str, width: int) -> Line:
    return line(Span(text.rjust(width)))


def _bytes(count: int, row: Row, width: int) -> Line:
    return _right(size(count) if row[0].made else "-", width)


COLUMNS: tuple[Column[Row], ...] = (
    Column("HERE", 15, lambda row, width: line(Span(row[0].at, Role.STRONG))),
    Column("HOST", 10, lambda row, width: line(middle(row[0].host, width))),
    Column("TO", 14, lambda row, width: line(middle(row[0].wish.to, width)), flexible=True),
    Column("STATE", 9, _state),
    Column("SINCE", 5, lambda row, width: _right(duration(row[1] - row[0].since), width), 3, True),
    Column("NOW", 3, lambda row, width: _right(str(row[0].open), width), right=True),
    Column("ALL", 5, lambda row, width: _right(str(row[0].made), width), 2, True),
    Column("OUT", 5, lambda row, width: _bytes(row[0].sent_bytes, row, width), 1, True),
    Column("IN", 5, lambda row, width: _bytes(row[0].received_bytes, row, width), 1, True),
)


def nothing(host: str, palette: str) -> list[Line]:
    """What stands in place of rows: how one comes about."""
    way = f"{palette}{' ' * (len(palette) > 1)}"
    of = f" of {host}" if host else " of the host that a page points at"
    return [
        line(Span("no port is forwarded", Role.MUTED)),
        (),
        line(Span(f"{way}forward 8080:80", Role.ACCENT), f"  makes port 80{of} port 8080 here"),
        line(Span(f"{way}forward 5432:db:5432", Role.ACCENT), "  leads on to what it reaches"),
        (),
        line(Span(f"all forms: {FORMS}; they end with opsdash", Role.MUTED)),
    ]
