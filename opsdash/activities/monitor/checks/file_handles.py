"""The kernel runs out of file handles: soon no program can open anything."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of the kernel's own limit; a kernel without one can't run out."""
    state = inquiry.state
    used = state.value("kernel.files_used_ratio")
    verdict = None if used is None else crossed(inquiry, used, margin=0.02)
    if used is None or verdict is None:
        return
    health, limit = verdict
    files = state.value("kernel.open_files") or 0.0
    most = state.value("kernel.most_files") or 0.0
    summary = f"file handles {percent(used)} used ({limit}), {most - files:.0f} left"
    yield Finding("file-handles", state.name, health, summary)


FILE_HANDLES = Check(
    id="file-handles",
    title="File handles run out",
    judge=judge,
    reads=("kernel",),
    limits=Limits(0.80, 0.95),
    unit="ratio",
    metric="kernel.files_used_ratio",
    advice="who holds them: lsof -n | awk '{n[$1]++} END {for (p in n) print n[p], p}' | sort -n",
)
