"""A file system runs out of inodes: no new file can be made though space is left."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One finding for each mount beyond the limit; vfat and btrfs have no inodes to count."""
    name = inquiry.state.name
    for mount, used in inquiry.state.labelled("filesystem.inodes_used_ratio").items():
        verdict = crossed(inquiry, used, subject=mount, margin=0.01)
        if verdict is not None:
            health, limit = verdict
            summary = f"{short(mount)} {percent(used)} of inodes used ({limit})"
            yield Finding("inodes-full", name, health, summary, mount)


INODES_FULL = Check(
    id="inodes-full",
    title="Inodes used up",
    judge=judge,
    reads=("filesystem",),
    limits=Limits(0.85, 0.95),
    unit="ratio",
    metric="filesystem.inodes_used_ratio",
    advice="find the directory with too many small files: mail queue, sessions, caches",
)
