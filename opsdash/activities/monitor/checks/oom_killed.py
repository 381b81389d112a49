"""The kernel killed a process because memory ran out."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, plain
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count, duration, middle

NAME = 20
"""Characters that a process and its number get."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The kills of the last hour, the latest by name; where no log may be read, how many."""
    state = inquiry.state
    kills, grown = state.value("oom.kills"), state.value("oom.grown")
    number = grown if kills is None else kills
    verdict = None if number is None else crossed(inquiry, number, margin=0.0, word=plain)
    if number is None or verdict is None:
        return
    health, limit = verdict
    ages = state.labelled("oom.age_s")
    if ages:
        last = min(ages, key=lambda label: ages[label])
        killed = f"{middle(last, NAME)} killed {duration(ages[last])} ago"
        summary = f"out of memory: {killed}, {number:.0f} in 1h ({limit})"
    else:
        ago = duration(state.value("oom.grown_age_s") or 0.0)
        killed = f"{count(round(number), 'process', 'processes')} killed {ago} ago"
        summary = f"out of memory: {killed} ({limit}), no log names them"
    evidence = ", ".join(f"{label} {duration(ages[label])} ago" for label in sorted(ages)[:20])
    yield Finding("oom-killed", state.name, health, summary, evidence=evidence)


OOM_KILLED = Check(
    id="oom-killed",
    title="Killed for lack of memory",
    judge=judge,
    reads=("oom",),
    limits=Limits(1.0, None),
    unit="kills",
    advice="journalctl -k | grep -iA9 'killed process'; a leak, or a limit too low?",
)
