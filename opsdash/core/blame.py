"""Who is to blame: the processes that take most, as words behind a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from opsdash.core.finding import SUMMARY_WIDTH, Finding
from opsdash.core.reading import Row
from opsdash.core.snapshot import HostState
from opsdash.core.text import clean_line, size

FRESH_S = 60.0
"""An older list may blame who is long gone."""

AS_ROOT_FRESH_S = 150.0
"""What root has to ask for is asked for once a minute."""

NAMED = 3
"""Culprits that the evidence names."""

LEAST_CORES = 0.05
LEAST_MEMORY_RATIO = 0.05
"""Whoever takes less, of the cores or of all memory, is not to blame."""

LEAST_DISK_BYTES_S = 1e6
"""Whoever reads and writes less may be on top of the list, but holds up nobody."""

SHARED = "tmpfs and shared"


class Resource(StrEnum):
    """What processes can take too much of."""

    CPU = "CPU"
    MEMORY = "memory"
    IO = "disk"


_LISTS = {
    Resource.CPU: ("top",),
    Resource.MEMORY: ("top",),
    Resource.IO: ("procio", "top"),
}


def lists_of(resources: Iterable[Resource]) -> set[str]:
    """The collectors whose lists of processes name who takes these resources."""
    return {name for one in resources for name in _LISTS[one]}


@dataclass(frozen=True, slots=True)
class Culprit:
    """Processes of one name together: how many, whose, the id of the first (0: no process), and
    what they take: in cores, bytes, or bytes per second (None: they wait for a disk, for what is
    not known).
    """

    name: str
    user: str
    pid: int
    processes: int
    taken: float | None

    @property
    def who(self) -> str:
        """``stress ×4``, or with the process's id where it is one."""
        if not self.pid:
            return self.name
        if self.processes > 1:
            return f"{self.name} \N{MULTIPLICATION SIGN}{self.processes}"
        return f"{self.name} {self.pid}"


def culprits(state: HostState, resource: Resource, now: float) -> list[Culprit]:
    """Who takes most, the worst first; nobody where the list of processes is old or missing."""
    rows = _rows(state, resource, now)
    found: dict[tuple[str, str], Culprit] = {}
    for row in rows:
        taken = _taken(row, resource)
        if taken is None:
            continue
        key = (str(row["name"]), str(row["user"]))
        known = found.get(key)
        if known is None:
            found[key] = Culprit(clean_line(key[0], 15), key[1], int(str(row["pid"])), 1, taken)
        else:
            found[key] = replace(
                known, processes=known.processes + 1, taken=(known.taken or 0.0) + taken
            )
    if resource is Resource.IO and not found:
        return _waiting(rows)
    ranked = sorted(found.values(), key=lambda one: -(one.taken or 0.0))
    return _of_memory(state, ranked) if resource is Resource.MEMORY else ranked


def _rows(state: HostState, resource: Resource, now: float) -> tuple[Row, ...]:
    """The processes that are known: of what is read and written as root sees it, if it is had."""
    found: tuple[Row, ...] = ()
    for name in _LISTS[resource]:
        reading = state.readings.get(name)
        fresh_s = AS_ROOT_FRESH_S if name == "procio" else FRESH_S
        if reading is not None and reading.problem is None and now - reading.at <= fresh_s:
            found = reading.rows
            if found:
                break
    return found


def _of_memory(state: HostState, ranked: list[Culprit]) -> list[Culprit]:
    """Those that have a part of it worth naming; files in memory, which no process has, in front of
    those that have less.
    """
    least = LEAST_MEMORY_RATIO * (state.value("memory.total_bytes") or 0.0)
    shared = state.value("memory.shared_bytes") or 0.0
    found = [*ranked, Culprit(SHARED, "", 0, 0, shared)]
    found.sort(key=lambda one: -(one.taken or 0.0))
    return [one for one in found if one.taken and one.taken >= least]


def _taken(row: Row, resource: Resource) -> float | None:
    """What a process takes; None where that is nothing to speak of, or not known."""
    if resource is Resource.CPU:
        cores = row["cores"]
        return cores if isinstance(cores, float) and cores >= LEAST_CORES else None
    value = row["memory_bytes" if resource is Resource.MEMORY else "io_bytes_s"]
    return value if isinstance(value, float) and value > 0 else None


def _waiting(rows: Iterable[Row]) -> list[Culprit]:
    """Where only root may see what is read and written: who waits for a disk."""
    waiting = (row for row in rows if row["state"] == "D")
    return [
        Culprit(clean_line(str(row["name"]), 15), str(row["user"]), int(str(row["pid"])), 1, None)
        for row in waiting
    ]


def has_culprit(state: HostState, resource: Resource, now: float) -> bool:
    """Whether somebody takes so much of a resource, or waits so for it, that others feel it."""
    found = culprits(state, resource, now)
    if resource is not Resource.IO:
        return bool(found)
    return any(one.taken is None or one.taken >= LEAST_DISK_BYTES_S for one in found)


def amount(one: Culprit, resource: Resource) -> str:
    """What a culprit takes, in words."""
    if one.taken is None:
        return "waits for a disk"
    if resource is Resource.CPU:
        return f"{one.taken:.1f} cores" if one.taken >= 1.95 else f"{one.taken:.0%} of a core"
    return size(one.taken) + ("/s" if resource is Resource.IO else "")


def blamed(finding: Finding, state: HostState, resource: Resource, now: float) -> Finding:
    """A finding that names who is behind it: the first in the summary, in the place of its last
    parts if need be, the first three in the evidence.
    """
    found = culprits(state, resource, now)[:NAMED]
    if not found:
        return finding
    first = f"; {found[0].who} {amount(found[0], resource)}"
    summary = finding.summary
    while len(summary) + len(first) > SUMMARY_WIDTH and ", " in summary:
        summary = summary.rpartition(", ")[0]
    fits = len(summary) + len(first) <= SUMMARY_WIDTH
    shown = ", ".join(_told(one, resource) for one in found)
    evidence = "\n".join(filter(None, (finding.evidence, f"most {resource}: {shown}")))
    said = summary + first if fits else finding.summary
    return replace(finding, summary=said, evidence=evidence)


def _told(one: Culprit, resource: Resource) -> str:
    whose = f" ({one.user})" if one.user else ""
    return f"{one.who}{whose} {amount(one, resource)}"
