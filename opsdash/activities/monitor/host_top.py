"""The section of the host page that lists the processes that take most."""

from __future__ import annotations

from opsdash.activities.monitor.host_sections import Page, freshness, head, label, missing
from opsdash.core.blame import Resource
from opsdash.core.reading import Cell, Row
from opsdash.core.snapshot import LinkState
from opsdash.core.text import clean_line, size
from opsdash.widgets.line import Line, Role, Span, line

ORDERS = (Resource.CPU, Resource.MEMORY, Resource.IO)
"""By what the list can be sorted, in the order in which a key goes through them."""

_COLUMNS = {Resource.CPU: "cores", Resource.MEMORY: "memory_bytes", Resource.IO: "io_bytes_s"}

LISTED = 12


def top_section(page: Page, order: Resource, key: str) -> list[Line]:
    """The processes that take most of one resource, the worst first; `key` sorts by the next."""
    reading = page.reading("top")
    if reading is None and page.state.link.state is not LinkState.UP:
        return []
    if reading is None:
        note = Span("asked for while this page is open", Role.MUTED)
        return [line(head("TOP"), note)]
    if reading.problem is not None:
        return missing(page, "TOP", "top")
    seen = reading.get("top.seen")
    by = f"by {order}" + (f" ({key}: next)" if key else "")
    of_all = "" if seen is None else f" of {seen:.0f} processes"
    first = line(head("TOP"), Span(by + of_all, Role.MUTED), *freshness(page, "top"))
    ordered = sorted(reading.rows, key=lambda row: -_number(row, order))
    rows = [row for row in ordered if _number(row, order) > 0][:LISTED]
    if order is Resource.IO and all(row["io_bytes_s"] is None for row in reading.rows):
        return [
            first,
            line(label(""), Span("what is read and written only root may see", Role.MUTED)),
        ]
    if not rows:
        return [first, line(label(""), Span(f"nobody takes any {order} to speak of", Role.MUTED))]
    return [first, _header(order), *(_row(row, order) for row in rows)]


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
    shown = {
        Resource.CPU: f"{100 * _number(row, Resource.CPU):.0f}",
        Resource.MEMORY: size(_number(row, Resource.MEMORY)),
        Resource.IO: "-" if row["io_bytes_s"] is None else size(_number(row, Resource.IO)),
    }
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
