"""What stands beside the fleet table on a wide screen: what changed lately, what runs full."""

from __future__ import annotations

import time
from collections.abc import Mapping

from opsdash.activities.monitor.capacity import Capacity, capacities
from opsdash.core.snapshot import Change, HostState, Snapshot
from opsdash.core.text import duration, middle, percent, size
from opsdash.widgets.line import ROLES, Line, Role, Span, fit, line
from opsdash.widgets.palette import Palette

WIDTH = 46
CHANGES_S = 30 * 60.0
NAME, MOUNT = 10, 11
FULLEST = 8
"""File systems that are listed: the next ones are far from full."""


CAPACITY_S = 15.0
"""Seconds after which capacity is looked at again: disks are read far more rarely."""


class SideStrip:
    """The strip's lines; capacity, which looks at every file system, is not worked out anew for
    each drawing.
    """

    def __init__(self) -> None:
        self._stamp: object = None
        self._capacity: list[Line] = []

    def lines(self, snapshot: Snapshot, palette: Palette, now: float, rows: int) -> list[Line]:
        """What is shown in so many rows."""
        stamp = (int(now / CAPACITY_S), palette, len(snapshot.hosts))
        if stamp != self._stamp or not self._capacity:
            self._stamp, self._capacity = stamp, capacity_lines(snapshot.hosts)
        return side_lines(snapshot, palette, now, (rows, self._capacity))


def side_lines(
    snapshot: Snapshot, palette: Palette, now: float, below: tuple[int, list[Line]]
) -> list[Line]:
    """Changes above and capacity below: how many rows there are, and the lines of capacity."""
    rows, capacity = below
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
        line(Span("CAPACITY ", Role.HEADING), Span("(soonest, then fullest)", Role.MUTED)),
        *(capacity or [line(Span("no host has told of its file systems yet", Role.MUTED))]),
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


def capacity_lines(states: Mapping[str, HostState]) -> list[Line]:
    """What will be full the soonest, then what is the fullest now."""
    return [_full(states[one.host], one) for one in capacities(states.values())[:FULLEST]]


def _full(state: HostState, one: Capacity) -> Line:
    left = state.value("filesystem.available_bytes", one.mount)
    role = next((ROLES[f.health] for f in state.findings if f.subject == one.mount), Role.TEXT)
    end = Span("left", Role.MUTED)
    if one.full_in_s is not None:
        soon = Role.WARN if role is Role.TEXT else role
        end = Span(f"full in {duration(one.full_in_s)}", soon)
    return line(
        Span(f"{percent(one.used_ratio):>4} ", role),
        fit(middle(one.host, NAME), NAME),
        " ",
        fit(middle(one.mount, MOUNT), MOUNT),
        Span(f" {'-' if left is None else size(left):>5} ", Role.MUTED),
        end,
    )
