"""The first line: how many hosts, how many of them are sick and how badly."""

from __future__ import annotations

from opsdash.core.health import Health
from opsdash.core.snapshot import Snapshot
from opsdash.core.text import count
from opsdash.widgets.line import ROLES, Line, Role, Span, join
from opsdash.widgets.palette import Palette

GAP = Span("  ")


def summary(snapshot: Snapshot, title: str, palette: Palette) -> Line:
    """``opsdash  42 hosts  ✖3 CRIT  ▲5 WARN  ●33 OK  NEW 2``; counts of zero are left out."""
    counts = snapshot.counts()
    parts = [(Span(title, Role.HEADING),), (Span(count(len(snapshot.hosts), "host")),)]
    parts += [(_tally(health, number, palette),) for health, number in counts.items() if number]
    if new := new_findings(snapshot):
        parts.append((Span(f"NEW {new}", Role.STRONG),))
    acked, muted = silenced(snapshot)
    parts += [(Span(f"ack {acked}", Role.MUTED),)] if acked else []
    parts += [(Span(f"mute {muted}", Role.MUTED),)] if muted else []
    return join(parts, GAP)


def _tally(health: Health, number: int, palette: Palette) -> Span:
    role = Role.MUTED if health is Health.OK else ROLES[health]
    return Span(f"{palette.glyph(health)}{number} {health.name}", role)


def new_findings(snapshot: Snapshot) -> int:
    """How many findings began recently and are in nobody's hands yet."""
    return sum(
        finding.new and finding.silence is None
        for state in snapshot.hosts.values()
        for finding in state.findings
    )


def silenced(snapshot: Snapshot) -> tuple[int, int]:
    """How many findings are acknowledged, and how many are muted or in maintenance."""
    found = [one for state in snapshot.hosts.values() for one in state.findings if one.silence]
    acked = sum(one.acked for one in found)
    return acked, len(found) - acked
