"""A pool that others draw from is nearly full: then writes fail that have room by df."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """Pools of ZFS, thin pools and their metadata, and old snapshots, which break when full."""
    state = inquiry.state
    broken = {row["name"] for row in state.rows("storage") if row.get("fault")}
    for pool, used in state.labelled("storage.pool_used_ratio").items():
        if pool in broken:  # storage-degraded says so
            continue
        verdict = crossed(inquiry, used, subject=pool, margin=0.02)
        if verdict is not None:
            health, limit = verdict
            summary = f"pool {short(pool)} {percent(used)} full ({limit})"
            yield Finding("pool-full", state.name, health, summary, pool)


POOL_FULL = Check(
    id="pool-full",
    title="Storage pool full",
    judge=judge,
    reads=("storage",),
    limits=Limits(0.85, 0.95),
    unit="ratio",
    advice="free snapshots and volumes, fstrim, or lvextend it / add disks before writes fail",
)
