"""How ages, spans and reasons are said on every screen, rounded so that calm rows stay still."""

from __future__ import annotations

import time
from typing import NamedTuple

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.silence import SilenceKind
from opsdash.core.snapshot import HostState, LinkState
from opsdash.core.text import duration, shorten
from opsdash.widgets.line import ROLES, Role

FRESH_AT_LEAST_S = 5.0
"""Nothing younger than this is called old, however short the interval is."""


class Reason(NamedTuple):
    """What is wrong with a host in one sentence: what the WHY column says.

    `since` is in seconds since 1970 (0: not known), `flag` one of NEW, ack and by whom, mute, maint
    or empty, `more` how many further findings there are.
    """

    text: str
    role: Role
    since: float = 0.0
    flag: str = ""
    more: int = 0


def reason(state: HostState, now: float) -> Reason:
    """The worst that is known of a host; a lost connection speaks first, before old findings."""
    why, link = state.why, state.link
    down = link.state is LinkState.DOWN and link.cause is None
    if down and link.problem and (why is None or why.health < Health.DOWN):
        return Reason(link.problem.text, Role.DOWN, link.since, more=len(state.findings))
    if why is not None:
        role = ROLES[why.health] if why.silence is None else Role.MUTED
        return Reason(why.summary, role, why.since, flag(why), len(state.findings) - 1)
    if state.health is Health.OK:
        return Reason("", Role.OK)
    since = state.at if link.state is LinkState.UP else link.since
    return Reason(_no_data(state, now), Role.MUTED, since)


def _no_data(state: HostState, now: float) -> str:
    if state.link.state is LinkState.IDLE and state.link.problem is not None:
        return state.link.problem.text
    match state.link.state:
        case LinkState.CONNECTING:
            return "connecting…"
        case LinkState.IDLE:
            return "not asked yet"
        case LinkState.UP:
            if not state.at:
                return "connected, no data yet"
            old = is_old(state, now)
            return "data too old to judge" if old else "first figures in, not yet judged"
        case LinkState.DOWN:
            return "not reachable"


def flag(finding: Finding) -> str:
    """NEW, or that somebody has it in hand already."""
    silence = finding.silence
    if silence is None:
        return "NEW" if finding.new else ""
    if silence.kind is SilenceKind.ACK:
        return f"ack {shorten(silence.who, 8)}".strip()
    return "mute" if silence.kind is SilenceKind.MUTE else "maint"


def fresh_s(interval_s: float) -> float:
    """How old a value may be, in seconds, before it counts as old: two turns and a margin."""
    return max(FRESH_AT_LEAST_S, 2 * interval_s + 1)


def is_old(state: HostState, now: float) -> bool:
    """Whether a host's figures are too old to go by; true as well when there are none."""
    age_s = state.age_s(now)
    return age_s is None or age_s >= fresh_s(state.host.interval_s)


def age(state: HostState, now: float) -> str:
    """How old a host's figures are: ``<5s`` while fresh, so that the row stays still; ``11m?``."""
    age_s = state.age_s(now)
    if age_s is None:
        return "-"
    limit_s = fresh_s(state.host.interval_s)
    return f"<{duration(limit_s)}" if age_s < limit_s else f"{duration(age_s)}?"


def ago(at: float, now: float) -> str:
    """How long something lasts, in steps of five seconds below a minute, so that rows stay still:
    ``<5s``, ``5s``, ``10s``; ``-`` if not known.
    """
    if not at:
        return "-"
    span_s = max(0.0, now - at)
    if span_s < 5:
        return "<5s"
    return duration(span_s - span_s % 5 if span_s < 60 else span_s)


def as_at(at: float, now: float) -> str:
    """Of which moment something is that was stored: ``as at 13:49:58``."""
    return f"as at {wall_clock(at, now)}"


def wall_clock(at: float, now: float) -> str:
    """A moment in local time: the time of day, with the date if it was another day."""
    when, today = time.localtime(at), time.localtime(now)
    same_day = when[:3] == today[:3]
    return time.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M", when)
