"""The host has just been rebooted, and nobody shut it down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.snapshot import HostState
from opsdash.core.text import duration

CHECK_ID = "rebooted"
A_MOMENT_S = 99.5
"""As long as a row would change with every second."""

STEADY_S = 30.0
"""An uptime that has grown with the clock, but for this, has never begun anew."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """WARN for an hour; nothing after a clean shutdown. Why a host rebooted that keeps no records
    is not known: that is said only of a reboot that happened before our eyes.
    """
    state = inquiry.state
    records = state.readings.get("boots")
    if records is None or not records.rows:
        return
    seen_at = _seen_at(state)
    booted_at = max(seen_at or 0.0, _booted_at(state))
    limit_s = inquiry.limits.warn
    if limit_s is None or inquiry.now - booted_at >= limit_s:
        return
    if records.at < booted_at:
        return  # it tells of the boot before
    clean, by = records.rows[0].get("clean"), records.rows[0].get("by")
    if clean or (clean is None and seen_at is None):
        return
    why = "why is not known" if clean is None else "no clean shutdown before it"
    ago_s = inquiry.now - booted_at
    ago = "just now" if ago_s < A_MOMENT_S else f"{duration(ago_s)} ago"
    evidence = f"by its {by}" if by else "neither wtmp nor a journal of the boot before"
    text = f"rebooted {ago}, {why}"
    yield Finding(CHECK_ID, state.name, Health.WARN, text, _boot(state), evidence)


def _boot(state: HostState) -> str:
    """Which boot it is, as the kernel names it: the next reboot is another finding, and new."""
    return str(next(iter(state.rows("uptime")), {}).get("boot_id") or "")


def _booted_at(state: HostState) -> float:
    """When the host was booted, by our clock; 0 where that is not known."""
    up_s = state.value("uptime.up_s")
    return 0.0 if up_s is None else state.readings["uptime"].at - up_s


def _seen_at(state: HostState) -> float | None:
    """When opsdash last saw the uptime begin anew, at the earliest; None: never in these hours."""
    trend = state.trend("uptime.up_s")
    if trend is None:
        return None
    oldest, newest = trend.ends()
    if abs((newest[1] - oldest[1]) - (newest[0] - oldest[0])) < STEADY_S:
        return None  # as nearly always: every pulse asks
    for before, after in reversed(list(pairwise(trend.since(0.0)))):
        if after[1] < before[1]:
            return max(before[0], after[0] - after[1])
    return None


REBOOTED = Check(
    id=CHECK_ID,
    title="Rebooted unexpectedly",
    judge=judge,
    reads=("uptime", "boots"),
    limits=Limits(3600.0, None),
    unit="s",
    lower_is_worse=True,
    advice="a crash, a power cut, a watchdog? journalctl -b -1 -e; last -x",
)
