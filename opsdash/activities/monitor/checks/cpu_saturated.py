"""All processors have been at work without a pause."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import percent

_SHARES = ("user", "system", "steal", "iowait")


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """Busy beyond the limit; the summary names the two largest shares of the time."""
    state = inquiry.state
    busy = state.value("cpu.busy_ratio")
    verdict = None if busy is None else crossed(inquiry, busy, margin=0.05)
    if busy is None or verdict is None:
        return
    health, limit = verdict
    shares = {name: state.value(f"cpu.{name}_ratio") or 0.0 for name in _SHARES}
    largest = sorted(shares, key=lambda name: -shares[name])[:2]
    parts = ", ".join(f"{name} {percent(shares[name])}" for name in largest if shares[name] >= 0.01)
    summary = f"CPU {percent(busy)} busy ({limit})" + (f": {parts}" if parts else "")
    load = state.value("load.one")
    cores = state.value("cpu.cores") or 0
    evidence = "" if load is None else f"load {load:.2f} on {cores:.0f} cores"
    yield Finding("cpu-saturated", state.name, health, summary, evidence=evidence)


CPU_SATURATED = Check(
    id="cpu-saturated",
    title="CPU saturated",
    judge=judge,
    reads=("cpu",),
    hold_s=30.0,
    # No CRIT by default: a host at 100 % still does its work, only slower, and batch hosts are
    # meant to be there. Whoever knows better sets `crit` in hosts.yaml.
    limits=Limits(0.90, None),
    unit="ratio",
    metric="cpu.busy_ratio",
    advice="look at the processes by CPU: one that loops, or honest work that needs more cores?",
    blames=Resource.CPU,
)
