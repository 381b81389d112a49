"""What checks have to do with a chart: the limits across it, and the metric that tells most."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.discover import checks
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.metric_words import worded
from opsdash.core.plugin import Check
from opsdash.core.reading import SampleKey
from opsdash.widgets.line import ROLES
from opsdash.widgets.plot import Mark


def limits_on(host: Host, metric: str, unit: str) -> list[Mark]:
    """The limits that the checks of a host hold against a metric, the worst first."""
    found: list[Mark] = []
    for check in checks().values():
        if check.metric == metric:
            found += _marks(check, host, unit)
    return sorted(found, key=lambda mark: mark.text)


def _marks(check: Check, host: Host, unit: str) -> list[Mark]:
    limits, word = host.thresholds.get(check.id, check.limits), worded(unit)
    side = "below" if check.lower_is_worse else "from"
    return [
        Mark(at, f"{health.name} {side} {word(at)} {check.id}", ROLES[health])
        for health, at in ((Health.CRIT, limits.crit), (Health.WARN, limits.warn))
        if at is not None
    ]


def telling(findings: Sequence[Finding], keys: Sequence[SampleKey]) -> SampleKey | None:
    """The metric that shows best what is wrong, the worst finding first; None: none of them."""
    for finding in findings:
        check = checks().get(finding.check)
        if check is None:
            continue
        for label in (finding.subject, ""):
            if check.metric and (check.metric, label) in keys:
                return check.metric, label
        near = [key for source in check.reads for key in keys if key[0].startswith(f"{source}.")]
        told = [key for key in near if not finding.subject or key[1] == finding.subject]
        if told:
            return told[0]
    return None
