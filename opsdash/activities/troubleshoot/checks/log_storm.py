"""The log gets so many lines that it hides all else, fills the disk, and soon loses some."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import clean_label, clean_line, middle, percent
from opsdash.core.thresholds import level, limit_crossed

MARGIN = 200.0
NAME_WIDTH = 24
MOST = 20_000
"""As many lines of a minute are counted."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """Lines a minute, and who writes most of them: with the last that it wrote."""
    state = inquiry.state
    rate = state.value("lograte.lines_per_min")
    if rate is None:
        return
    health = level(rate, inquiry.limits, inquiry.before(""), margin=MARGIN)
    limit = limit_crossed(health, inquiry.limits)
    if health is Health.OK or limit is None:
        return
    more = "more than " if rate >= MOST else ""
    text = f"log storm: {more}{rate:,.0f} lines/min (limit {limit:,g})"
    worst = next(iter(state.rows("lograte")), None)
    evidence = ""
    if worst is not None and isinstance(worst["lines"], int):
        share = percent(worst["lines"] / rate)
        text += f", {share} by {middle(clean_label(str(worst['tag'])), NAME_WIDTH)}"
        evidence = clean_line(str(worst["last"]), 300)
    yield Finding("log-storm", state.name, health, text, evidence=evidence)


LOG_STORM = Check(
    id="log-storm",
    title="Log storm",
    judge=judge,
    reads=("lograte",),
    hold_s=60.0,  # a boot and a deployment write much, too, but not for minutes
    limits=Limits(1200.0, None),
    unit="lines/min",
    advice="read what it says before the journal drops it: journalctl -f -t NAME; mend or limit it",
)
