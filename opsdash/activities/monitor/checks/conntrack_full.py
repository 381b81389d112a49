"""The firewall can track no more connections: new ones are dropped without a word."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of the table of tracked connections that is in use."""
    state = inquiry.state
    used = state.value("sockets.tracked_ratio")
    verdict = None if used is None else crossed(inquiry, used, margin=0.03)
    if used is None or verdict is None:
        return
    health, limit = verdict
    tracked = state.value("sockets.tracked") or 0.0
    most = state.value("sockets.most_tracked") or 0.0
    where = f"{tracked:.0f} of {most:.0f}"
    summary = f"connection table {percent(used)} full ({limit}): {where}"
    yield Finding("conntrack-full", state.name, health, summary)


CONNTRACK_FULL = Check(
    id="conntrack-full",
    title="Connection table full",
    judge=judge,
    reads=("sockets",),
    limits=Limits(0.80, 0.95),
    unit="ratio",
    metric="sockets.tracked_ratio",
    advice="who makes so many: conntrack -S; conntrack -L | awk '{print $5}' | sort | uniq -c",
)
