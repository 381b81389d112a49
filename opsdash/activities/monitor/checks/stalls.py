"""How the checks of pressure judge: the share of time in which work stood still."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.finding import Finding
from opsdash.core.plugin import Inquiry
from opsdash.core.text import percent


def judge_stall(inquiry: Inquiry, check: str, metric: str, words: str) -> Iterator[Finding]:
    """A share of time beyond the limit, said as "WORDS 83% of the time (limit 80%)"."""
    state = inquiry.state
    share = state.value(f"pressure.{metric}")
    verdict = None if share is None else crossed(inquiry, share, margin=0.05)
    if share is None or verdict is None:
        return
    health, limit = verdict
    yield Finding(check, state.name, health, f"{words} {percent(share)} of the time ({limit})")
