"""A file system runs full."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.reading import Row
from opsdash.core.text import percent, size


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One finding for each mount beyond the limit; what is read-only on purpose may be full."""
    for row in inquiry.state.rows("filesystem"):
        if row.get("writable") or row.get("read_only"):
            yield from _judge_mount(inquiry, row)


def _judge_mount(inquiry: Inquiry, row: Row) -> Iterator[Finding]:
    mount, used, left = str(row["mount"]), row.get("used_ratio"), row.get("available_bytes")
    if not isinstance(used, int | float) or not isinstance(left, int | float):
        return
    verdict = crossed(inquiry, used, subject=mount, margin=0.01)
    if verdict is None:
        return
    health, limit = verdict
    summary = f"{short(mount)} {percent(used)} full ({limit}), {size(left)} left"
    evidence = f"{row.get('device')} ({row.get('type')}) on {mount}"
    yield Finding("disk-full", inquiry.state.name, health, summary, mount, evidence)


DISK_FULL = Check(
    id="disk-full",
    title="Disk full",
    judge=judge,
    reads=("filesystem",),
    limits=Limits(0.85, 0.95),
    unit="ratio",
    metric="filesystem.used_ratio",
    advice="find the largest directories, old logs and deleted files that are still open",
)
