"""The host answers on the open connection, but nobody could log in any more."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.core.finding import SUMMARY_WIDTH, Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.snapshot import LinkState
from opsdash.core.text import shorten


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """CRIT, with what a login of its own met; the open connection must not be given up now."""
    state = inquiry.state
    problem = state.login.problem if state.login else None
    if state.link.state is not LinkState.UP or problem is None:
        return
    text = f"new logins fail: {problem.text}"
    again = "it is tried again by itself" if problem.mends_itself else "ctrl+r tries again"
    yield Finding(
        "login-fails",
        state.name,
        Health.CRIT,
        shorten(text, SUMMARY_WIDTH),
        evidence=f"the open connection still works; {again}: {text}",
        advice=problem.hint,
    )


LOGIN_FAILS = Check(id="login-fails", title="New logins fail", judge=judge)
