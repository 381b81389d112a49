"""The section of the host page that lists the processes that take most."""

from __future__ import annotations

from opsdash.activities.monitor.host_demand import as_root, instead, needs_root
from opsdash.activities.monitor.host_sections import Page, freshness, head, label
from opsdash.core.blame import Resource
from opsdash.core.reading import Cell, Row
from opsdash.core.text import clean_line, duration, size
from opsdash.widgets.line import Line, Role, Span, line

ORDERS = (Resource.CPU, Resource.MEMORY, Resource.IO)
"""By what the list can be sorted, in the order in which a key goes through them."""

_COLUMNS = {Resource.CPU: "cores", Resource.MEMORY: "memory_bytes", Resource.IO: "io_bytes_s"}

LISTED = 12


def top_section(page: Page, order: Resource, keys: str) -> list[Line]:
    """The processes that take most of one resource, the worst first; `keys` says which do what."""
    reading = page.reading("top")
    other = instead(page, "TOP", "top")
    if reading is None or other is not None:
        return other or []
    seen = reading.get("top.seen")
    by = f"by {order}" + (f" ({keys})" if keys else "")
    of_all = "" if seen is None else f" of {seen:.0f} processes"
    first = line(head("TOP"), Span(by + of_all, Role.MUTED), *freshness(page, "top"))
    found = reading.rows
    if order is Resource.IO and all(row["io_bytes_s"] is None for row in found):
        moved = as_root(page, "procio")
        if moved is None:
            return [first, *needs_root(page, "procio", "reads and writes of processes")]
        found = tuple(_moving(row, reading.rows) for row in moved.rows)
        by_root = f", as root saw it {duration(max(0.0, page.now - moved.at))} ago"
        first = (*first, Span(by_root, Role.MUTED))
    ordered = sorted(found, key=lambda row: -_number(row, order))
    rows = [row for row in ordered if _number(row, order) > 0][:LISTED]
    if not rows:
        return [first, line(label(""), Span(f"nobody takes any {order} to speak of", Role.MUTED))]
    return [first, _header(order), *(_row(row, order) for row in rows)]


def _moving(row: Row, top: tuple[Row, ...]) -> Row:
    """One that root saw read and write, with what else is known of it."""
    known = next((one for one in top if one["pid"] == row["pid"]), {})
    return {"cores": None, "memory_bytes": None, **known, **row}


def _number(row: Row, order: Resource) -> float:
    value: Cell = row[_COLUMNS[order]]
    return value if isinstance(value, float) else -1.0


def _header(order: Resource) -> Line:
    names = {Resource.CPU: "CPU%", Resource.MEMORY: "MEM", Resource.IO: "IO/s"}
    cells = [
        Span(f"{names[one]:>6}", Role.STRONG if one is order else Role.MUTED) for one in ORDERS
    ]
    return line(label(""), *cells, Span(f"  {'PID':>7}  {'USER':<10} PROCESS", Role.MUTED))


def _row(row: Row, order: Resource) -> Line:
    shown = {one: "-" if _number(row, one) < 0 else _amount(row, one) for one in ORDERS}
    cells = [Span(f"{shown[one]:>6}", Role.STRONG if one is order else Role.TEXT) for one in ORDERS]
    user = clean_line(str(row["user"]), 10)
    name = clean_line(str(row["name"]), 32)
    waits = Span("  waits for a disk", Role.WARN) if row["state"] == "D" else Span("")
    return line(
        label(""),
        *cells,
        Span(f"  {row['pid']:>7}  {user:<10} ", Role.MUTED),
        Span(name, Role.TEXT),
        waits,
    )


def _amount(row: Row, order: Resource) -> str:
    value = _number(row, order)
    return f"{100 * value:.0f}" if order is Resource.CPU else size(value)
