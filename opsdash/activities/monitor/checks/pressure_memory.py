"""Everything stands still again and again because memory has to be freed first."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.stalls import judge_stall
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of time in which no task at all could go on for lack of memory."""
    return judge_stall(inquiry, "pressure-memory", "memory_full_ratio", "all work waits for memory")


PRESSURE_MEMORY = Check(
    id="pressure-memory",
    title="Work stalls for memory",
    judge=judge,
    reads=("pressure",),
    hold_s=30.0,
    # A healthy host has next to none; systemd-oomd begins to kill at 60 %.
    limits=Limits(0.10, 0.40),
    unit="ratio",
    metric="pressure.memory_full_ratio",
    advice="look at the processes by memory before the kernel or systemd-oomd kills one",
    blames=Resource.MEMORY,
)
