"""What stands beside the fleet table on a wide screen: what changed lately, what runs full."""

from __future__ import annotations

import time
from collections.abc import Iterable

from opsdash.core.snapshot import Change, HostState, Snapshot
from opsdash.core.text import middle, percent, size
from opsdash.widgets.line import ROLES, Line, Role, Span, fit, line
from opsdash.widgets.palette import Palette

WIDTH = 46
CHANGES_S = 30 * 60.0
NAME = 10
FULLEST = 8
"""File systems that are listed: the next ones are far from full."""


def side_lines(snapshot: Snapshot, palette: Palette, now: float, rows: int) -> list[Line]:
    """Changes above, capacity below, in so many rows."""
    capacity = _capacity(snapshot.hosts.values())
    room = max(3, rows - len(capacity) - 3)
    changes = [change for change in snapshot.changes if now - change.at <= CHANGES_S]
    shown = [_change(change, palette) for change in changes[:room]]
    if len(changes) > room:
        shown[-1:] = [line(Span(f"… {len(changes) - room + 1} more", Role.MUTED))]
    nothing = [line(Span("none: every health is as it was", Role.MUTED))]
    return [
        line(Span("CHANGES ", Role.HEADING), Span("(30 min)", Role.MUTED)),
        *(shown or nothing),
        (),
        line(Span("CAPACITY ", Role.HEADING), Span("(fullest first)", Role.MUTED)),
        *capacity,
    ]


def _change(change: Change, palette: Palette) -> Line:
    at = time.strftime("%H:%M ", time.localtime(change.at))
    before, after = palette.glyph(change.before), palette.glyph(change.after)
    return line(
        Span(at, Role.MUTED),
        fit(middle(change.host, NAME), NAME),
        " ",
        Span(before, ROLES[change.before]),
        Span("→", Role.MUTED),
        Span(after, ROLES[change.after]),
        Span(f" {change.summary or change.after.name}", Role.TEXT),
    )


def _capacity(states: Iterable[HostState]) -> list[Line]:
    found = [
        (ratio, state, mount)
        for state in states
        for mount, ratio in state.labelled("filesystem.used_ratio").items()
    ]
    found.sort(key=lambda entry: (-entry[0], entry[1].name, entry[2]))
    return [_full(state, mount, ratio) for ratio, state, mount in found[:FULLEST]]


def _full(state: HostState, mount: str, ratio: float) -> Line:
    left = state.value("filesystem.available_bytes", mount)
    role = next((ROLES[f.health] for f in state.findings if f.subject == mount), Role.TEXT)
    return line(
        Span(f"{percent(ratio):>4} ", role),
        fit(middle(state.name, NAME), NAME),
        " ",
        fit(middle(mount, 16), 16),
        Span(f" {'-' if left is None else size(left):>5} left", Role.MUTED),
    )
