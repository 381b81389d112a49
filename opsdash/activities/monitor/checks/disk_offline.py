"""The kernel has given up on a disk: it answers no more."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import shorten

MODEL_WIDTH = 24

_LOST = frozenset({"offline", "transport-offline", "blocked", "dead", "deleting (no IO)"})
"""States of the kernel's SCSI and NVMe layers; others pass, as ``resetting``."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By the state that the kernel keeps of it, which everybody may read."""
    for row in inquiry.state.rows("hardware"):
        if row.get("kind") == "disk" and row["state"] in _LOST:
            name, model = str(row["name"]), shorten(str(row["model"]), MODEL_WIDTH)
            called = f"{short(name)} ({model})" if model else short(name)
            summary = f"disk {called} is {row['state']}"
            yield Finding("disk-offline", inquiry.state.name, Health.CRIT, summary, name)


DISK_OFFLINE = Check(
    id="disk-offline",
    title="Disk offline",
    judge=judge,
    reads=("hardware",),
    hold_s=60.0,
    advice="dmesg tells when and why it went; check cable, backplane and power, then replace it",
)
