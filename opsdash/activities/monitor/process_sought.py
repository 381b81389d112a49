"""A process that another page leads to: its id, and a moment at which it was there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opsdash.activities.monitor.process_list import Process
from opsdash.core.moment import moment_of

FORMS = "4711, or 4711 at:13:50"

SLACK_S = 5.0
"""A process that seems to have begun so much later than it was heard may still be the same: ids are
given again much later, and clocks differ by that.
"""


@dataclass(frozen=True, slots=True)
class Sought:
    """It had this id; at `by_s` it was there (None: nobody says when). It is looked for since
    `since_s`. Both are seconds since 1970 by our clock.
    """

    pid: int
    by_s: float | None
    since_s: float
    shown: bool = False
    """Whether the cursor was put on it, by a list of before."""


def parse_sought(words: str, now: float) -> Sought:
    """Understand ``4711 at:13:50``; ValueError says in words what is wrong."""
    pid, _, when = words.strip().partition(" ")
    if not (pid.isascii() and pid.isdigit()) or (when and not when.startswith("at:")):
        raise ValueError(f"{words} is no process: {FORMS}")
    return Sought(int(pid), moment_of(when.removeprefix("at:"), now) if when else None, now)


def found_among(sought: Sought, there: Iterable[Process], at: float) -> Process | str:
    """The process among those of a list that was made at `at`, or why it is not: half a sentence
    behind its id.
    """
    one = next((one for one in there if one.pid == sought.pid), None)
    if one is None:
        return "does not run any more"
    if sought.by_s is not None and at - one.age_s > sought.by_s + SLACK_S:
        return f"does not run any more: {one.name}, which began later, has its id now"
    return one
