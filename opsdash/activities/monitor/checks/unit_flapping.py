"""A service dies and is restarted, again and again."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry

WINDOW_S = 600.0
MARGIN = 1.0


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One finding for each unit that systemd restarted too often within ten minutes.

    What was stopped or started by hand since has no count any more, and is no longer flapping.
    """
    for unit in inquiry.state.labelled("units.restarts"):
        trend = inquiry.state.trend("units.restarts", unit)
        restarts = trend.grown_since(inquiry.now - WINDOW_S) if trend else 0.0
        verdict = crossed(inquiry, restarts, subject=unit, margin=MARGIN, word="{:g}".format)
        if verdict is None:
            continue
        health, limit = verdict
        summary = f"{short(unit)} restarted {restarts:.0f} times in 10m ({limit})"
        total = inquiry.state.value("units.restarts", unit)
        evidence = f"NRestarts={total:.0f}: so often since it was last started on purpose"
        yield Finding("unit-flapping", inquiry.state.name, health, summary, unit, evidence)


UNIT_FLAPPING = Check(
    id="unit-flapping",
    title="Service restarts again and again",
    judge=judge,
    reads=("units",),
    limits=Limits(3.0, 10.0),
    unit="restarts",
    advice="why does it end? journalctl -n 50 -u UNIT",
)
