"""Soon no process can be started: nearly as many threads as there may be."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import clean_label, middle, percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of the lowest limit (pid_max, threads-max, a container's own) that is used."""
    state = inquiry.state
    used = state.value("processes.used_ratio")
    verdict = None if used is None else crossed(inquiry, used, margin=0.03)
    if used is None or verdict is None:
        return
    health, limit = verdict
    threads, rows = state.value("processes.threads") or 0.0, state.rows("processes")
    most = state.value("processes.most_threads") or 0.0
    summary = f"{threads:.0f} threads, {percent(used)} of what may be ({limit})"
    if rows and rows[0].get("most"):
        name, share = middle(clean_label(str(rows[0]["most"])), 14), rows[0].get("most_threads")
        summary += f", {name} {share}"
    evidence = f"at most {most:.0f} threads"
    yield Finding("processes-many", state.name, health, summary, evidence=evidence)


PROCESSES_MANY = Check(
    id="processes-many",
    title="Too many processes",
    judge=judge,
    reads=("processes",),
    limits=Limits(0.80, 0.95),
    unit="ratio",
    metric="processes.used_ratio",
    advice="ps -eo nlwp,pid,args --sort=-nlwp | head: one that starts more and more?",
)
