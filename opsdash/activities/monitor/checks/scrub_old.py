"""A pool of ZFS was not scrubbed for long: what rots on one disk is found when the other fails."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import duration


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By the age of the last one that ended."""
    state = inquiry.state
    for pool, age_s in state.labelled("storage.scrub_age_s").items():
        verdict = crossed(inquiry, age_s, subject=pool, margin=0.0, word=duration)
        if verdict is not None:
            health, limit = verdict
            summary = f"ZFS pool {short(pool)} last scrubbed {duration(age_s)} ago ({limit})"
            yield Finding("scrub-old", state.name, health, summary, pool)


SCRUB_OLD = Check(
    id="scrub-old",
    title="Scrub overdue",
    judge=judge,
    reads=("storage",),
    limits=Limits(45 * 86400.0, None),
    unit="s",
    advice="zpool scrub it, and see that a timer does (zfs-scrub-monthly@POOL.timer)",
)
