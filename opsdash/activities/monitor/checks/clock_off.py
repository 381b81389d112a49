"""The clock of a host is wrong: logins by Kerberos and one-time codes fail, logs tell lies."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.clock_offset import clock_ahead_s
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import duration

MARGIN_S = 1.0


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """Held against this machine's clock, or against most of the fleet where that is wrong itself.

    Below the limit of WARN it may be the way of a pulse over a bad link; from a minute on one-time
    codes are refused, and Kerberos soon.
    """
    ahead_s = clock_ahead_s(inquiry.state)
    if ahead_s is None:
        return
    ahead_s += inquiry.clock_ahead_s
    verdict = crossed(inquiry, abs(ahead_s), margin=MARGIN_S, word=duration)
    if verdict is None:
        return
    health, limit = verdict
    way = "ahead" if ahead_s > 0 else "behind"
    summary = f"clock {duration(abs(ahead_s))} {way} ({limit})"
    yield Finding("clock-off", inquiry.state.name, health, summary)


CLOCK_OFF = Check(
    id="clock-off",
    title="Clock off",
    judge=judge,
    reads=("clock", "uptime"),
    hold_s=30.0,
    limits=Limits(5.0, 60.0),
    unit="s",
    advice="does a time service run there, and reach its servers? timedatectl; chronyc tracking",
)
