"""A service does not accept its connections fast enough, and some are lost."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, plain
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """How often a queue of new connections was full, and where most wait now."""
    state = inquiry.state
    full = state.value("sockets.listen_overflows_per_s")
    if full is None:
        return
    margin = 0.5 * (inquiry.limits.warn or 0.0)
    verdict = crossed(inquiry, full, margin=margin, word=plain)
    if verdict is None:
        return
    health, limit = verdict
    summary = f"listen queue full {full:.3g} times/s ({limit})"
    ports = state.rows("sockets")[1:]
    if ports:
        summary += f", port {ports[0].get('port')} has {ports[0].get('waiting')} waiting"
    drops = state.value("sockets.listen_drops_per_s") or 0.0
    evidence = f"{drops:.3g} new connections dropped per s"
    yield Finding("listen-overflow", state.name, health, summary, evidence=evidence)


LISTEN_OVERFLOW = Check(
    id="listen-overflow",
    title="Service accepts too slowly",
    judge=judge,
    reads=("sockets",),
    hold_s=65.0,  # two looks in a row: a service that restarts is no finding
    limits=Limits(0.1, None),
    unit="times/s",
    metric="sockets.listen_overflows_per_s",
    advice="ss -ltn: where Recv-Q reaches Send-Q, the service is stuck or its backlog too small",
)
