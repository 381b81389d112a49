"""Memory runs out: soon the host swaps, or the kernel kills a process."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent, size


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """Used beyond the limit, tmpfs and shared memory counted as used."""
    state = inquiry.state
    used = state.value("memory.used_ratio")
    verdict = None if used is None else crossed(inquiry, used, margin=0.02)
    if used is None or verdict is None:
        return
    health, limit = verdict
    left = state.value("memory.available_bytes") or 0.0
    summary = f"memory {percent(used)} used ({limit}), {size(left)} available"
    total = state.value("memory.total_bytes") or 0.0
    shared = state.value("memory.shared_bytes") or 0.0
    evidence = f"{size(total)} in all, {size(shared)} of it tmpfs and shared memory"
    yield Finding("memory-low", state.name, health, summary, evidence=evidence)


MEMORY_LOW = Check(
    id="memory-low",
    title="Memory low",
    judge=judge,
    reads=("memory",),
    hold_s=10.0,
    limits=Limits(0.90, 0.97),
    unit="ratio",
    metric="memory.used_ratio",
    advice="look at the processes by memory, and at what fills tmpfs mounts",
    blames=Resource.MEMORY,
)
