"""The section of the host page about who is logged in; absent where nobody is."""

from __future__ import annotations

from opsdash.activities.monitor.host_sections import Page, freshness, head, label, missing
from opsdash.core.reading import Cell, Row
from opsdash.core.text import count, duration
from opsdash.widgets.line import Line, Role, Span, fit, line

LISTED = 10


def users_section(page: Page) -> list[Line]:
    """Who is there: root first, then who pressed a key last."""
    reading = page.reading("sessions")
    if reading is None:
        return []
    if reading.problem is not None:
        return missing(page, "USERS", "sessions")
    rows = sorted(reading.rows, key=_order)
    if not rows:
        return []
    names = {str(row["user"]) for row in rows}
    said = f"{count(len(names), 'user')} logged in"
    if len(rows) > len(names):
        said += f", {len(rows)} times"
    root = Span("  root among them", Role.WARN) if "root" in names else Span("")
    first = line(head("USERS"), Span(said, Role.MUTED), root, *freshness(page, "sessions"))
    heading = f"{'USER':<12} {'FROM':<24} {'ON':<8} {'SINCE':>5} {'IDLE':>5}"
    lines = [first, line(label(""), Span(heading, Role.MUTED))]
    lines += [_row(row) for row in rows[:LISTED]]
    if more := len(rows[LISTED:]):
        lines.append(line(label(""), Span(f"and {more} more", Role.MUTED)))
    return lines


def _order(row: Row) -> tuple[bool, float, str]:
    idle_s = row["idle_s"]
    idle = float(idle_s) if isinstance(idle_s, int | float) else float("inf")
    return row["user"] != "root", idle, str(row["user"])


def _row(row: Row) -> Line:
    is_root = row["user"] == "root"
    user = fit(str(row["user"]), 12)
    origin = fit(str(row["from"] or "-"), 24)
    times = f"{_span(row['for_s']):>5} {_span(row['idle_s']):>5}"
    return line(
        label(""),
        Span(f"{user} ", Role.WARN if is_root else Role.STRONG),
        Span(f"{origin} "),
        Span(f"{fit(str(row['tty'] or '-'), 8)} {times}", Role.MUTED),
        Span("  opsdash itself" if row["own"] else "", Role.MUTED),
    )


def _span(value: Cell) -> str:
    return duration(value) if isinstance(value, int | float) else "-"
