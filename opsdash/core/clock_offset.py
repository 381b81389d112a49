"""How far the clock of a host is off the one of this program."""

from __future__ import annotations

from opsdash.core.snapshot import HostState

LONGEST_BUNDLE_S = 180.0
"""Facts that come with the clock may take so long; what lies further apart is another boot."""


def clock_ahead_s(state: HostState) -> float | None:
    """Seconds by which a host's clock is ahead of ours (negative: behind); None: not known.

    Both clocks say when the host was booted: its own by the clock's reading, ours by the latest
    pulse, which tells the same uptime. A pulse is some time on its way, so a host looks as much
    behind: milliseconds as a rule, more on a bad link. Without fractions of a second in the host's
    `date` it is half a second more or less.
    """
    told, pulse = state.readings.get("clock"), state.readings.get("uptime")
    if told is None or pulse is None:
        return None
    by_host, told_up_s = told.get("clock.booted_at"), told.get("clock.up_s")
    up_s = pulse.get("uptime.up_s")
    if by_host is None or told_up_s is None or up_s is None:
        return None
    by_us = pulse.at - up_s
    took_s = told.at - told_up_s - by_us  # from reading its clock to the end of its answer
    return by_host - by_us if abs(took_s) <= LONGEST_BUNDLE_S else None
