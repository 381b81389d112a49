"""What the targets of actions are called on some hosts, for a person who picks one by a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsdash.core.reading import Row
from opsdash.core.snapshot import HostState
from opsdash.core.text import count, percent
from opsdash.core.text import size as size_of


@dataclass(frozen=True, slots=True)
class Target:
    """Something that an action can be done to: its name, and how it is where it is."""

    name: str
    about: str


SOURCES: Mapping[str, str] = {
    "unit": "services",
    "process": "ps",
    "mount": "filesystem",
    "candidate": "cleanup",
    "user": "names",
    "timer": "names",
    "package": "names",
}
"""The collector that lists what an argument names (`Argument.names`)."""

_ILL = ("failed", "crashed")


def targets(names: str, states: Sequence[HostState]) -> list[Target]:
    """What these hosts have of a kind, the worst first. A process is of one host alone."""
    if names == "process":
        return [_process(row) for row in _rows(states[0], "ps")] if len(states) == 1 else []
    if names == "mount":
        return _mounts(states)
    if names == "candidate":
        return _candidates(states)
    if SOURCES.get(names) == "names":
        return _names(names, states)
    found: dict[str, list[tuple[str, Row]]] = {}
    for state in states:
        for row in _rows(state, SOURCES.get(names, "")):
            unit = str(row["unit"]).removesuffix(".service")
            found.setdefault(unit, []).append((state.name, row))
    told = [(_rank(rows), Target(unit, _about(rows, len(states)))) for unit, rows in found.items()]
    return [target for _, target in sorted(told, key=lambda pair: (pair[0], pair[1].name))]


def _rows(state: HostState, collector: str) -> Sequence[Row]:
    reading = state.readings.get(collector)
    return reading.rows if reading is not None else ()


def _process(row: Row) -> Target:
    cores, what = row["cores"], str(row["args"] or row["name"])
    busy = f"{percent(float(cores))} of a core, " if isinstance(cores, int | float) else ""
    return Target(str(row["pid"]), f"{busy}{row['user']}: {what}")


def _mounts(states: Sequence[HostState]) -> list[Target]:
    """The fullest first."""
    fullest: dict[str, tuple[float, str]] = {}
    for state in states:
        for row in _rows(state, "filesystem"):
            used = row.get("used_ratio")
            ratio = float(used) if isinstance(used, int | float) else 0.0
            about = f"{row.get('type', '')}, {percent(ratio)} used on {state.name}"
            fullest[str(row["mount"])] = max(
                (ratio, about), fullest.get(str(row["mount"]), (-1, ""))
            )
    told = sorted(fullest.items(), key=lambda one: (-one[1][0], one[0]))
    return [Target(mount, about) for mount, (_, about) in told]


def _names(kind: str, states: Sequence[HostState]) -> list[Target]:
    """By name, with what is said of it on the first host that has it, and how many have it."""
    found: dict[str, list[str]] = {}
    for state in states:
        for row in _rows(state, "names"):
            if row["kind"] == kind:
                found.setdefault(str(row["name"]), []).append(str(row["about"]))
    many = len(states) > 1
    return [
        Target(name, f"{abouts[0]}, {count(len(abouts), 'host')}" if many else abouts[0])
        for name, abouts in sorted(found.items())
    ]


def _candidates(states: Sequence[HostState]) -> list[Target]:
    """All files of a kind, then the files themselves; of each the largest first."""
    kinds: dict[str, list[int]] = {}
    files: dict[str, int] = {}
    for state in states:
        for row in _rows(state, "cleanup"):
            size = int(str(row["size_bytes"]))
            kinds.setdefault(str(row["kind"]), []).append(size)
            files[str(row["path"])] = files.get(str(row["path"]), 0) + size
    many = [
        Target(kind, f"{size_of(sum(sizes))} in {count(len(sizes), 'file')}")
        for kind, sizes in sorted(kinds.items(), key=lambda one: -sum(one[1]))
    ]
    each = sorted(files.items(), key=lambda one: (-one[1], one[0]))
    return [*many, *(Target(path, size_of(size)) for path, size in each)]


def _rank(rows: Sequence[tuple[str, Row]]) -> int:
    """Failed ones first, those that run next, then those that could."""
    states = {str(row["state"]) for _, row in rows}
    if states & {*_ILL}:
        return 0
    return 1 if states & {"running", "started"} else 2


def _about(rows: Sequence[tuple[str, Row]], hosts: int) -> str:
    """How it is where: failed on web1, running on 3 hosts."""
    by_state: dict[str, list[str]] = {}
    for host, row in rows:
        word = str(row["state"] or row["enabled"] or "not loaded")
        by_state.setdefault(word, []).append(host)
    if hosts == 1:
        description = str(rows[0][1]["description"])
        return ", ".join(filter(None, [next(iter(by_state)), description]))
    return ", ".join(
        f"{word} on {names[0] if len(names) == 1 else count(len(names), 'host')}"
        for word, names in sorted(by_state.items(), key=lambda pair: pair[0] not in _ILL)
    )
