"""What is shown of a host is too old to be believed, or a part of it can't be read."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.core.discover import collectors
from opsdash.core.finding import SUMMARY_WIDTH, Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Collector, Inquiry, Tier
from opsdash.core.problem import ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.snapshot import LinkState
from opsdash.core.text import duration, shorten

CHECK_ID = "host-data-stale"
INTERVALS = 3
"""How many answers may be missing before the last one is too old."""
LEAST_S = 6.0
FACTS_GRACE_S = 30.0

_NO_QUESTION = frozenset({ProblemKind.UNSUPPORTED, ProblemKind.MISSING_COMMAND})
"""What a host does not have leaves no question open; every other problem does."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """UNKNOWN for the host as a whole; else for each collector without a fresh answer."""
    link = inquiry.state.link.state
    if link is LinkState.DOWN or (link is not LinkState.UP and not inquiry.state.at):
        return
    whole = _silent_host(inquiry)
    if whole:
        yield whole
        return
    for collector in collectors().values():
        summary = _unanswered(inquiry, collector)
        if summary:
            short = shorten(summary, SUMMARY_WIDTH)
            evidence = summary if short != summary else ""
            name = inquiry.state.name
            yield Finding(CHECK_ID, name, Health.UNKNOWN, short, collector.name, evidence)


def _age_s(inquiry: Inquiry, answered_at: float) -> float:
    """Seconds since an answer, or since the connection stands: before that none could come.

    A connection that is being made anew excuses nothing: what is shown is as old as it is.
    """
    up = inquiry.state.link.state is LinkState.UP
    known = max(answered_at, inquiry.state.link.since if up else 0.0)
    return inquiry.now - known if known else 0.0


def _silent_host(inquiry: Inquiry) -> Finding | None:
    """Connected, but nothing has come for several intervals."""
    state = inquiry.state
    age_s, every_s = _age_s(inquiry, state.at), state.host.interval_s
    if age_s <= max(INTERVALS * every_s, LEAST_S):
        return None
    summary = f"no data for {duration(age_s)} (due every {duration(every_s)})"
    evidence = "" if state.at else "connected, but it never delivered anything"
    return Finding(CHECK_ID, state.name, Health.UNKNOWN, summary, evidence=evidence)


def _is_denied(reading: Reading) -> bool:
    return reading.problem is not None and reading.problem.kind is ProblemKind.DENIED


def _unanswered(inquiry: Inquiry, collector: Collector) -> str:
    """Why a collector's values are unknown, in words; empty while they are known.

    What is asked on demand says so where it is looked at: nobody asks again once nobody looks.
    """
    if collector.tier is Tier.DEMAND:
        return ""
    reading = inquiry.state.readings.get(collector.name)
    if collector.needs_root and (reading is None or _is_denied(reading)):
        return (
            ""  # that root is needed is said where the value would stand; the host is not unknown
        )
    if reading and reading.problem and reading.problem.kind not in _NO_QUESTION:
        text = reading.problem.text
        return text if text.startswith(collector.title) else f"{collector.title}: {text}"
    if collector.tier is not Tier.FACTS:
        return ""
    age_s = _age_s(inquiry, reading.at if reading else 0.0)
    if age_s <= INTERVALS * collector.every_s + FACTS_GRACE_S:
        return ""
    return f"{collector.title}: no answer for {duration(age_s)}"


HOST_DATA_STALE = Check(
    id=CHECK_ID,
    title="Data stale",
    judge=judge,
    advice="is the host overloaded, or the link slow? ctrl+r asks again",
)
