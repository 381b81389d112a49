"""A disk takes long to answer."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent

FEWEST_PER_S = 5.0
"""An average over fewer requests is no average: a disk that wakes up would be a slow one."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The average time of a request, its wait in the queue included, by disk."""
    state = inquiry.state
    for disk, wait_ms in state.labelled("diskio.wait_ms").items():
        per_s = state.value("diskio.ios_per_s", disk) or 0.0
        verdict = crossed(inquiry, wait_ms, subject=disk, margin=20.0, word=_ms)
        if verdict is None or per_s < FEWEST_PER_S:
            continue
        health, limit = verdict
        summary = f"{short(disk)} takes {_ms(wait_ms)} a request ({limit}), {per_s:.0f} per s"
        busy = percent(state.value("diskio.busy_ratio", disk) or 0.0)
        yield Finding("disk-latency", state.name, health, summary, disk, f"{disk} {busy} busy")


def _ms(wait_ms: float) -> str:
    return f"{wait_ms:.0f} ms"


DISK_LATENCY = Check(
    id="disk-latency",
    title="Disk slow",
    judge=judge,
    reads=("diskio",),
    hold_s=60.0,
    # Ten times what a spinning disk needs, a hundred times an SSD: the queue is long, or the disk
    # (or the storage behind it) is ill.
    limits=Limits(100.0, None),
    unit="ms",
    metric="diskio.wait_ms",
    advice="who uses it: iotop -o; is it ill: smartctl -a, journalctl -k | grep -i error",
    blames=Resource.IO,
)
