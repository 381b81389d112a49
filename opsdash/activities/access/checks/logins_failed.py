"""Many logins failed lately: somebody is guessing, or something has an old password."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import clean_label, middle
from opsdash.core.thresholds import level, limit_crossed

MARGIN = 5.0
NAME_WIDTH = 24


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The number within 15 minutes, and where most of them came from."""
    state = inquiry.state
    failed = state.value("logins.failed")
    if failed is None:
        return
    health = level(failed, inquiry.limits, inquiry.before(""), margin=MARGIN)
    limit = limit_crossed(health, inquiry.limits)
    if health is Health.OK or limit is None:
        return
    text = f"{failed:.0f} logins failed in 15 min (limit {limit:g})"
    sources = int(state.value("logins.sources") or 0)
    worst = state.rows("logins")[:3]
    shown = ", ".join(
        f"{clean_label(str(row['from']))} as {middle(clean_label(str(row['user'])), NAME_WIDTH)}"
        for row in worst
    )
    where = "1 address" if sources == 1 else f"{sources} addresses"
    evidence = f"from {where}, most: {shown}"
    yield Finding("logins-failed", state.name, health, text, evidence=evidence)


LOGINS_FAILED = Check(
    id="logins-failed",
    title="Logins fail often",
    judge=judge,
    reads=("logins",),
    limits=Limits(20.0, None),
    unit="logins",
    advice="is sshd open to the world? allow keys only, limit by firewall or fail2ban",
)
