"""A service failed and nothing restarts it."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import clean_label, shorten


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One finding for each failed unit, always CRIT.

    A nightly job that failed is no less broken than a web server, and nobody else says so: from
    outside it can't be told which of them matters. One that does not is acknowledged or muted.
    """
    for row in inquiry.state.rows("units"):
        unit, why = str(row["unit"]), shorten(clean_label(str(row.get("result"))), 28)
        summary = f"{short(unit)} failed ({why})"
        evidence = " ".join(filter(None, (_text(row.get("description")), _since(row.get("since")))))
        name = inquiry.state.name
        yield Finding("unit-failed", name, Health.CRIT, summary, unit, evidence)


def _text(cell: object) -> str:
    return str(cell) if cell else ""


def _since(cell: object) -> str:
    return f"since {cell}" if cell else ""


UNIT_FAILED = Check(
    id="unit-failed",
    title="Service failed",
    judge=judge,
    reads=("units",),
    advice="read its log, mend the cause, then restart it",
)
