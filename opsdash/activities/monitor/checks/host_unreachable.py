"""The host can't be reached or logged in to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from opsdash.core.finding import SUMMARY_WIDTH, Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.problem import ProblemKind
from opsdash.core.snapshot import LinkState
from opsdash.core.text import shorten


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """DOWN, with what broke the connection and what to do about it.

    UNKNOWN where the host itself is not known to have failed: the cause is somewhere before it.
    """
    link = inquiry.state.link
    if link.state is not LinkState.DOWN:
        return
    proof = []
    if link.last_up is not None:
        # the moment and not the time since: this text must not change with every second
        seen = datetime.fromtimestamp(link.last_up, UTC)
        proof.append(f"last seen {seen:%Y-%m-%d %H:%M:%S} UTC")
    broken_by = link.broken_by
    text = broken_by.text if broken_by else "no connection"
    if link.cause and link.problem and link.cause.kind is ProblemKind.OFFLINE:
        # a row each of the same words would hide that all their names are wrong
        text = f"is this machine offline? {link.problem.text}"
    elif link.cause and link.problem and link.problem.text != text:
        proof.append(link.problem.text)
    if len(text) > SUMMARY_WIDTH:
        proof.append(text)
    yield Finding(
        "host-unreachable",
        inquiry.state.name,
        Health.UNKNOWN if link.cause else Health.DOWN,
        shorten(text, SUMMARY_WIDTH),
        evidence=": ".join(proof),
        advice=broken_by.hint if broken_by else "",
    )


HOST_UNREACHABLE = Check(id="host-unreachable", title="Host unreachable", judge=judge)
