"""Nothing goes on because all work waits for a disk."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.stalls import judge_stall
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of time in which all tasks that had work waited for a disk."""
    return judge_stall(inquiry, "pressure-io", "io_full_ratio", "all work waits for disks")


PRESSURE_IO = Check(
    id="pressure-io",
    title="Work stalls for disks",
    judge=judge,
    reads=("pressure",),
    hold_s=120.0,
    # On a host with nothing else to do a single copy is all the work there is, and most of it is
    # waiting.
    limits=Limits(0.80, None),
    unit="ratio",
    metric="pressure.io_full_ratio",
    advice="find the disk and who uses it: iostat -x 2; iotop -o",
    blames=Resource.IO,
)
