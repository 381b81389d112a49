"""The hypervisor gives this host's processors to others."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of time in which this host wanted to run and was not let."""
    state = inquiry.state
    stolen = state.value("cpu.steal_ratio")
    verdict = None if stolen is None else crossed(inquiry, stolen, margin=0.02)
    if stolen is None or verdict is None:
        return
    health, limit = verdict
    busy = percent(state.value("cpu.busy_ratio") or 0.0)
    summary = f"hypervisor takes {percent(stolen)} of the CPU ({limit}), {busy} busy"
    yield Finding("cpu-steal", state.name, health, summary)


CPU_STEAL = Check(
    id="cpu-steal",
    title="CPU taken by the hypervisor",
    judge=judge,
    reads=("cpu",),
    hold_s=120.0,
    # Some steal is the price of a shared machine; a tenth for minutes is a neighbour, or CPU
    # credits that ran out.
    limits=Limits(0.10, None),
    unit="ratio",
    metric="cpu.steal_ratio",
    advice="nothing on the host helps: look at the provider's CPU credits, or move it",
)
