"""The section of the host page about containers: those that are unwell first."""

from __future__ import annotations

from opsdash.activities.monitor.host_demand import as_root, needs_root
from opsdash.activities.monitor.host_sections import LABEL, Page, freshness, head, label, missing
from opsdash.core.reading import Reading, Row
from opsdash.core.text import clean_line, count, size
from opsdash.widgets.line import Line, Role, Span, fit, line, width_of, wrap

LISTED = 20
NAME = 20
"""Cells for a name."""

_GONE = frozenset({"exited", "created", "configured", "initialized"})


def containers_section(page: Page) -> list[Line]:
    """What runs in containers and how it is; nothing at all where there is no engine for them."""
    reading = page.reading("containers")
    if reading is None:
        return []
    if reading.problem is not None:
        return missing(page, "CONTAINERS", "containers")
    owners = as_root(page, "engines")
    found = _found(reading, owners)
    silent = _silent(page, reading, owners)
    if not found and not silent:
        return []
    running = sum(row["state"] == "running" for row, _ in found)
    unwell = sum(_role(row) in (Role.CRIT, Role.WARN) for row, _ in found)
    said = [Span(f"{running} of {count(len(found), 'container')} running", Role.MUTED)]
    if unwell:
        said.append(Span(f"  {unwell} unwell", Role.WARN))
    lines = [line(head("CONTAINERS"), *(said if found else ()), *freshness(page, "containers"))]
    if found:
        heading = f"{'CPU%':>6}{'MEM':>7}  {'NAME':<{NAME}} STATE"
        lines.append(line(label(""), Span(heading, Role.MUTED)))
    for row, by in sorted(found, key=lambda one: _order(one[0]))[:LISTED]:
        lines += _row(page, row, by)
    if more := len(found[LISTED:]):
        lines.append(line(label(""), Span(f"and {more} more", Role.MUTED)))
    return [*lines, *silent]


def _found(*readings: Reading | None) -> list[tuple[Row, Reading]]:
    """Each container once, with the reading that has its figures: root sees the login's, too."""
    found: dict[tuple[object, ...], tuple[Row, Reading]] = {}
    for reading in readings:
        if reading is None:
            continue
        for row in reading.rows:
            if row["kind"] == "container":
                found.setdefault((row["engine"], row["name"]), (row, reading))
    return list(found.values())


def _silent(page: Page, reading: Reading, owners: Reading | None) -> list[Line]:
    """Engines that are there and did not answer, with their words; and those only root may ask."""
    lines: list[Line] = []
    closed: list[str] = []
    for row in (*reading.rows, *(owners.rows if owners is not None else ())):
        engine = str(row["engine"])
        if row["kind"] == "engine" and row["said"]:
            words = clean_line(f"{engine}: {row['said']}")
            lines += [
                line(label(""), Span(part, Role.WARN)) for part in wrap(words, page.width - LABEL)
            ]
        elif row["kind"] == "engine":
            closed.append(engine)
    if closed and owners is None:
        lines += needs_root(page, "engines", f"containers of {' and '.join(closed)}")
    return lines


def _role(row: Row) -> Role:
    state, code = row["state"], row["exit_code"]
    if state in ("restarting", "dead") or row["health"] == "unhealthy":
        return Role.CRIT
    if row["out_of_memory"] or (state == "exited" and code not in (0, None)):
        return Role.WARN
    return Role.MUTED if state in _GONE else Role.TEXT


def _order(row: Row) -> tuple[int, int, str]:
    """What can't stay up first, then what ended badly, what runs, and the rest."""
    ranks = {Role.CRIT: 0, Role.WARN: 1, Role.TEXT: 2, Role.MUTED: 3}
    return ranks[_role(row)], -int(row["restarts"] or 0), str(row["name"])


def _row(page: Page, row: Row, reading: Reading) -> list[Line]:
    """Its figures, its name, and in the engine's words since when it is so; of one that is unwell
    what more is known stands below, else its image beside it where there is room.
    """
    name = str(row["name"])
    cores = reading.get(f"{reading.collector}.cores", name)
    memory = reading.get(f"{reading.collector}.memory_bytes", name)
    role = _role(row)
    taken = f"{'-' if cores is None else f'{100 * cores:.0f}':>6}"
    taken += f"{'-' if memory is None else size(memory):>7}  "
    parts = line(
        label(""),
        Span(taken, Role.MUTED),
        Span(f"{fit(name, NAME)} ", Role.STRONG if role is not Role.MUTED else Role.MUTED),
        Span(clean_line(str(row["status"]), 40), role),
    )
    more = ", ".join([*_notes(row), clean_line(str(row["image"]), 60)])
    room = page.width - width_of(parts) - 2
    if role not in (Role.CRIT, Role.WARN):
        return (
            [(*parts, Span(f"  {fit(more, room).rstrip()}", Role.MUTED))] if room > 6 else [parts]
        )
    return [parts, line(label(""), Span(" " * len(taken)), Span(more, Role.MUTED))]


def _notes(row: Row) -> list[str]:
    """What the engine counted."""
    restarts = int(row["restarts"] or 0)
    notes = ["killed: out of memory"] if row["out_of_memory"] else []
    return [*notes, f"restarted {count(restarts, 'time')}"] if restarts else notes
