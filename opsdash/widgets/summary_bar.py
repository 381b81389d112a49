"""The first line: how many hosts, how many of them are sick and how badly, and the time."""

from __future__ import annotations

import time

from opsdash.core.health import Health
from opsdash.core.snapshot import Snapshot
from opsdash.core.text import count
from opsdash.widgets.line import ROLES, Line, Role, Span, join, line, spread, width_of
from opsdash.widgets.palette import Palette

GAP = Span("  ")

CLOCK = 8
"""Cells of the time of day."""


def summary(snapshot: Snapshot, title: str, palette: Palette) -> Line:
    """``opsdash  42 hosts  ✖3 CRIT  ▲5 WARN  ●33 OK  NEW 2``; counts of zero are left out."""
    counts = snapshot.counts()
    parts = [(Span(title, Role.HEADING),), (Span(count(len(snapshot.hosts), "host")),)]
    parts += [(_tally(health, number, palette),) for health, number in counts.items() if number]
    if new := new_findings(snapshot):
        parts.append((Span(f"NEW {new}", Role.STRONG),))
    return join(parts, GAP)


def _tally(health: Health, number: int, palette: Palette) -> Span:
    role = Role.MUTED if health is Health.OK else ROLES[health]
    return Span(f"{palette.glyph(health)}{number} {health.name}", role)


def new_findings(snapshot: Snapshot) -> int:
    """How many findings began recently and are in nobody's hands yet."""
    return sum(
        finding.new and not finding.acked and not finding.muted
        for state in snapshot.hosts.values()
        for finding in state.findings
    )


def with_clock(left: Line, now: float, width: int) -> Line:
    """`left` with the time of day at the right edge; without it where there is no room."""
    if width_of(left) + CLOCK > width:
        return left
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    return spread(left, line(Span(clock, Role.MUTED)), width)
