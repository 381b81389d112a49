"""Lines of the host's log that a watch rule means, as many of them as the rule wants."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.core.finding import Finding
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.reading import Row
from opsdash.core.snapshot import HostState
from opsdash.core.text import duration
from opsdash.core.watch_rule import WatchRule


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """A finding for each rule of which there are lines enough, with the last of them."""
    state = inquiry.state
    rules = {rule.name: rule for rule in state.host.watch}
    for row in state.rows("logwatch"):
        rule = rules.get(str(row["rule"]))
        if rule is None or int(row["count"] or 0) < rule.count or _is_known(rule, state):
            continue
        evidence = ": ".join(filter(None, [str(row["program"]), str(row["line"])]))
        yield Finding(
            "log-watch",
            state.name,
            rule.health,
            _summary(rule, row),
            subject=rule.name,
            evidence=evidence,
            advice=rule.advice,
        )


def _is_known(rule: WatchRule, state: HostState) -> bool:
    """Whether another check tells it already, from a better source than a log."""
    told = {finding.check for finding in state.findings}
    above = (name for name in rule.known_by if any(v > 0 for v in state.labelled(name).values()))
    return not told.isdisjoint(rule.known_by) or any(above)


def _summary(rule: WatchRule, row: Row) -> str:
    more = "+" if row["more"] else ""
    limit = f" (limit {rule.count})" if rule.count > 1 else ""
    last = duration(float(row["age_s"] or 0.0))
    return f"{rule.title}: {row['count']}{more} in {rule.within}{limit}, {last} ago"


LOG_WATCH = Check(
    id="log-watch",
    title="Lines of the log that mean something",
    judge=judge,
    reads=("logwatch",),
    advice="l shows the lines of that time; opsdash watch-rules says what each rule means",
)
