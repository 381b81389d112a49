"""A program never fetches the children that ended: they pile up until no process can start."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, plain, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One finding for each parent with too many; a few for a moment are the normal course."""
    state = inquiry.state
    for parent, number in state.labelled("processes.zombies").items():
        verdict = crossed(inquiry, number, subject=parent, margin=1.0, word=plain)
        if verdict is not None:
            health, limit = verdict
            summary = f"{count(round(number), 'zombie')} ({limit}), left by {short(parent)}"
            yield Finding("zombies", state.name, health, summary, parent)


ZOMBIES = Check(
    id="zombies",
    title="Zombies",
    judge=judge,
    reads=("processes",),
    hold_s=65.0,  # two looks in a row
    limits=Limits(5.0, None),
    unit="zombies",
    advice="a bug of the parent: restart it (ps -o pid,lstart,args -p PID), then they are gone",
)
