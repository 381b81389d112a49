"""Processes wait for a disk or a network mount that does not answer; not even kill ends them."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count, duration, middle

NAME = 20
"""Characters that a process and its number get."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """What waited uninterruptibly at every look and got no CPU time in between."""
    state = inquiry.state
    stuck = state.labelled("processes.stuck_s")
    if not stuck:
        return
    verdict = crossed(inquiry, max(stuck.values()), margin=0.0, word=duration)
    if verdict is None:
        return
    health, limit = verdict
    longest = sorted(stuck, key=lambda label: (-stuck[label], label))
    lasting = duration(stuck[longest[0]])
    number = count(len(stuck), "process", "processes")
    summary = f"{number} stuck on a disk for {lasting} ({limit}): {middle(longest[0], NAME)}"
    evidence = ", ".join(f"{label} {duration(stuck[label])}" for label in longest[:20])
    yield Finding("processes-stuck", state.name, health, summary, evidence=evidence)


PROCESSES_STUCK = Check(
    id="processes-stuck",
    title="Processes stuck",
    judge=judge,
    reads=("processes",),
    hold_s=1.0,  # a single look can't tell
    limits=Limits(120.0, None),
    unit="s",
    advice="a dead NFS server or disk? journalctl -k | grep 'blocked for'; cat /proc/PID/stack",
)
