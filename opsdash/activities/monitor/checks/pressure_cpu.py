"""Tasks wait for a processor most of the time."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.stalls import judge_stall
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of time in which at least one task was ready to run and had to wait."""
    return judge_stall(inquiry, "pressure-cpu", "cpu_some_ratio", "tasks wait for a CPU")


PRESSURE_CPU = Check(
    id="pressure-cpu",
    title="Tasks wait for CPU",
    judge=judge,
    reads=("pressure",),
    hold_s=120.0,
    # One task that waits is enough for it to count, so a host that is busy with honest work has
    # a good deal of it.
    limits=Limits(0.80, None),
    unit="ratio",
    metric="pressure.cpu_some_ratio",
    advice="look at the processes by CPU; is a CPU quota in the way? cat /sys/fs/cgroup/*/cpu.stat",
    blames=Resource.CPU,
)
