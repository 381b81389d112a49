"""A new login takes long, or far longer than it did: DNS, a directory or a home there is slow."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.snapshot import LinkState, Login
from opsdash.core.thresholds import level, limit_crossed

MARGIN_S = 1.0

TIMES, MORE_S = 4.0, 1.0
"""Far longer than usual is so many times as long, and so much longer,"""

STILL_TIMES, STILL_MORE_S = 3.0, 0.7
"""and so it stays while it is that much."""


EVIDENCE = "as long as anybody else waits: a login of its own, beside the open connection"


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The time from the TCP connection to the end of a first command, as the last probe met it."""
    state = inquiry.state
    login = state.login
    if state.link.state is not LinkState.UP or login is None or login.problem is not None:
        return
    health = level(login.took_s, inquiry.limits, inquiry.before(""), margin=MARGIN_S)
    limit_s = limit_crossed(health, inquiry.limits)
    if limit_s is not None and health is not Health.OK:
        text = f"a new login takes {login.took_s:.1f} s (limit {limit_s:g} s)"
        yield Finding("login-slow", state.name, health, text, evidence=EVIDENCE)
    elif _is_far_slower(login, before=inquiry.before("")):
        text = f"a new login takes {login.took_s:.1f} s, {login.usual_s:.1f} s is usual here"
        evidence = f"{EVIDENCE}\nthe network on the way, or the host, has become slow"
        yield Finding("login-slow", state.name, Health.WARN, text, evidence=evidence)


def _is_far_slower(login: Login, before: Health) -> bool:
    """Than most logins before it were, over the same way to the same host."""
    usual_s = login.usual_s
    if usual_s is None:
        return False
    known = before is not Health.OK
    times, more_s = (STILL_TIMES, STILL_MORE_S) if known else (TIMES, MORE_S)
    return login.took_s >= times * usual_s and login.took_s - usual_s >= more_s


LOGIN_SLOW = Check(
    id="login-slow",
    title="Logins take long",
    judge=judge,
    hold_s=70.0,  # two probes in a row, at least
    limits=Limits(5.0, None),
    unit="s",
    advice="ping it, mtr the way; DNS, LDAP, PAM, a hung home: journalctl -u ssh; time su - USER",
)
