"""More tasks want to run, or wait for a disk, than the host has cores for."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.text import count, percent

MORE_RATIO, MORE = 1.5, 32.0
"""What lxcfs counts and what was seen a minute ago differ by no more than this."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The five-minute load for each core; what makes it up is named, as load mixes CPU and disk."""
    state = inquiry.state
    load, cores = state.value("load.five"), state.value("cpu.cores")
    if load is None or not cores or not _is_own(inquiry):
        return
    verdict = crossed(inquiry, load / cores, margin=0.2, word=_per_core)
    if verdict is None:
        return
    health, limit = verdict
    waits, busy = state.value("cpu.iowait_ratio"), state.value("cpu.busy_ratio")
    parts = [
        f"{name} {percent(share)}"
        for name, share in (("CPU", busy), ("iowait", waits))
        if share is not None
    ]
    where = f"load {load:.1f} on {count(round(cores), 'core')} ({limit})"
    evidence = f"load {state.value('load.one') or 0:.2f} over the last minute"
    yield Finding("load-high", state.name, health, ", ".join([where, *parts]), evidence=evidence)


def _is_own(inquiry: Inquiry) -> bool:
    """Whether the load is the host's own: that of a container is the machine's, if lxcfs does not
    work it out (its option -l; the file is mounted either way).

    Then it counts the container's own threads, a few more or less; else those of the machine, of
    which the kernel alone has more. While that can't be told nothing is raised, but what was
    raised stays.
    """
    state = inquiry.state
    if not state.container:
        return True
    counted, seen = state.value("load.tasks"), state.value("processes.threads")
    if counted is None or seen is None:
        return inquiry.before("") is not Health.OK
    return counted <= MORE_RATIO * seen + MORE


def _per_core(limit: float) -> str:
    return f"{limit:g} per core"


LOAD_HIGH = Check(
    id="load-high",
    title="Load high",
    judge=judge,
    # The processes are not needed but in a container: where they are hidden a machine is judged.
    reads=("load", "cpu"),
    # The average goes over five minutes already; this is for a host that was just met.
    hold_s=30.0,
    limits=Limits(2.0, None),
    unit="per core",
    advice="CPU busy: look at processes by CPU; idle: who waits: ps -eo state,pid,args | grep ^D",
    blames=Resource.CPU,
)
