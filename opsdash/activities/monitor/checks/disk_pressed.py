"""The disks of the machine that a container runs on hold up work, and processes here use them."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of time in which some task of the whole machine waited for a disk.

    Outside containers that is pressure-io's to judge. Which of the machine's containers it is tells
    the list of processes: without one that reads, writes or waits nothing is raised here.
    """
    state = inquiry.state
    share = state.value("pressure.io_some_ratio")
    if not state.container or share is None:
        return
    verdict = crossed(inquiry, share, margin=0.05)
    if verdict is None:
        return
    health, limit = verdict
    summary = f"machine's disks stall work {percent(share)} ({limit})"
    proof = f"{percent(share)} of the time some task of the machine, not of this host alone, waited"
    yield Finding("disk-pressed", state.name, health, summary, evidence=proof)


DISK_PRESSED = Check(
    id="disk-pressed",
    title="Machine's disks held up",
    judge=judge,
    reads=("pressure",),
    hold_s=60.0,
    # Some task waits: half of that is common while a backup runs, this much is felt by all.
    limits=Limits(0.70, None),
    unit="ratio",
    advice="other containers share these disks: iotop -o here, iostat -x 2 on the machine itself",
    blames=Resource.IO,
    needs_culprit=True,
    heeds_container=True,
)
