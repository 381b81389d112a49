"""A new login takes long: DNS, a directory or a home directory there does not answer."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.snapshot import LinkState
from opsdash.core.thresholds import level, limit_crossed

MARGIN_S = 1.0


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The time from the TCP connection to the end of a first command, as the last probe met it."""
    state = inquiry.state
    login = state.login
    if state.link.state is not LinkState.UP or login is None or login.problem is not None:
        return
    health = level(login.took_s, inquiry.limits, inquiry.before(""), margin=MARGIN_S)
    limit_s = limit_crossed(health, inquiry.limits)
    if health is Health.OK or limit_s is None:
        return
    text = f"a new login takes {login.took_s:.1f} s (limit {limit_s:g} s)"
    yield Finding(
        "login-slow",
        state.name,
        health,
        text,
        evidence="as long as anybody else waits: a login of its own, beside the open connection",
    )


LOGIN_SLOW = Check(
    id="login-slow",
    title="Logins take long",
    judge=judge,
    hold_s=70.0,  # two probes in a row, at least
    limits=Limits(5.0, None),
    unit="s",
    advice="look for DNS, LDAP, PAM or a hung home directory: journalctl -u ssh; time su - USER",
)
