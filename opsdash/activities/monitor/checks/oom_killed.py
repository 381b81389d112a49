"""The kernel killed a process because memory ran out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from opsdash.activities.monitor.checks.limits import crossed, plain
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count, duration, middle

NAME = 20
"""Characters that a process and its number get."""


WINDOW_S = 3600.0


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The kills of the last hour, the latest by name; where the log has none, how many there were.

    What the log and the counter say is of the same kills, and each may miss some: the log of a
    container has no line of the kernel's, and the counter tells only of kills between two looks.
    """
    state = inquiry.state
    grown, noticed_s = _counted(inquiry)
    number = max(state.value("oom.kills") or 0.0, grown)
    verdict = crossed(inquiry, number, margin=0.0, word=plain)
    if verdict is None:
        return
    health, limit = verdict
    ages = state.labelled("oom.age_s")
    if ages:
        last = min(ages, key=lambda label: ages[label])
        killed = f"{middle(last, NAME)} killed {duration(ages[last])} ago"
        summary = f"out of memory: {killed}, {number:.0f} in 1h ({limit})"
    else:
        killed = f"{count(round(number), 'process', 'processes')} killed {duration(noticed_s)} ago"
        summary = f"out of memory: {killed} ({limit}), no log names them"
    evidence = ", ".join(f"{label} {duration(ages[label])} ago" for label in sorted(ages)[:20])
    yield Finding("oom-killed", state.name, health, summary, evidence=evidence)


def _counted(inquiry: Inquiry) -> tuple[float, float]:
    """By how much the counter has grown within an hour, and how many seconds ago it was last seen
    to have grown.
    """
    trend = inquiry.state.trend("oom.counted")
    if trend is None:
        return 0.0, 0.0
    since = inquiry.now - WINDOW_S
    steps = pairwise(trend.since(since))
    grew_at = [at for (_, before), (at, after) in steps if after not in (before, 0.0)]
    return trend.grown_since(since), inquiry.now - max(grew_at, default=inquiry.now)


OOM_KILLED = Check(
    id="oom-killed",
    title="Killed for lack of memory",
    judge=judge,
    reads=("oom",),
    limits=Limits(1.0, None),
    unit="kills",
    advice="journalctl -k | grep -iA9 'killed process'; a leak, or a limit too low?",
)
