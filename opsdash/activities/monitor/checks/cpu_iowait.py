"""The processors stand idle because a disk does not answer fast enough."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count, percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of time without work while some task waited for a disk."""
    state = inquiry.state
    waits = state.value("cpu.iowait_ratio")
    verdict = None if waits is None else crossed(inquiry, waits, margin=0.05)
    if waits is None or verdict is None:
        return
    health, limit = verdict
    blocked = count(round(state.value("cpu.blocked") or 0), "task")
    summary = f"CPU waits for disks {percent(waits)} of the time ({limit}), {blocked} blocked"
    yield Finding("cpu-iowait", state.name, health, summary)


CPU_IOWAIT = Check(
    id="cpu-iowait",
    title="CPU waits for disks",
    judge=judge,
    reads=("cpu",),
    # One backup on a host with two cores is 50 % for as long as it runs: what is at or below that
    # is work, what stays beyond it stops others.
    hold_s=120.0,
    limits=Limits(0.60, None),
    unit="ratio",
    metric="cpu.iowait_ratio",
    advice="find the disk and who uses it: iostat -x 2; iotop -o; ps -eo state,pid,args | grep ^D",
    blames=Resource.IO,
)
