"""A file system will be full soon, if it goes on filling like this."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.capacity import filling
from opsdash.activities.monitor.checks.limits import fallen, short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.snapshot import HostState
from opsdash.core.text import duration, size

MARGIN_S = 2 * 3600.0
HOUR_S = 3600.0


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One finding for each mount that fills; of what is full already another check speaks.

    WARN leaves a working day to act, CRIT no night to sleep over it.
    """
    for row in inquiry.state.rows("filesystem"):
        mount = str(row["mount"])
        if row.get("writable") and not _is_full(inquiry.state, mount):
            yield from _judge_mount(inquiry, mount)


def _judge_mount(inquiry: Inquiry, mount: str) -> Iterator[Finding]:
    found = filling(inquiry.state, mount)
    if found is None:
        return
    verdict = fallen(inquiry, found.full_in_s, subject=mount, margin=MARGIN_S, word=duration)
    if verdict is None:
        return
    health, limit = verdict
    pace = f"+{size(found.bytes_per_s * HOUR_S)}/h"
    summary = f"{short(mount)} full in ~{duration(found.full_in_s)} at {pace} ({limit})"
    left = inquiry.state.value("filesystem.available_bytes", mount)
    evidence = "" if left is None else f"{size(left)} left on {mount}"
    yield Finding("disk-time-to-full", inquiry.state.name, health, summary, mount, evidence)


def _is_full(state: HostState, mount: str) -> bool:
    """Whether it is said already that the mount is full, as badly as can be."""
    return any(
        found.check == "disk-full" and found.subject == mount and found.health >= Health.CRIT
        for found in state.findings
    )


DISK_TIME_TO_FULL = Check(
    id="disk-time-to-full",
    title="Disk full soon",
    judge=judge,
    reads=("filesystem",),
    hold_s=60.0,
    limits=Limits(24 * HOUR_S, 4 * HOUR_S),
    unit="s",
    lower_is_worse=True,
    advice="what has grown lately? find MOUNT -xdev -mmin -60 -size +100M",
)
