"""What the targets of actions are called on some hosts, for a person who picks one by a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsdash.core.reading import Row
from opsdash.core.snapshot import HostState
from opsdash.core.text import count, percent


@dataclass(frozen=True, slots=True)
class Target:
    """Something that an action can be done to: its name, and how it is where it is."""

    name: str
    about: str


SOURCES: Mapping[str, str] = {"unit": "services", "process": "ps"}
"""The collector that lists what an argument names (`Argument.names`)."""

_ILL = ("failed", "crashed")


def targets(names: str, states: Sequence[HostState]) -> list[Target]:
    """What these hosts have of a kind, the worst first. A process is of one host alone."""
    if names == "process":
        return [_process(row) for row in _rows(states[0], "ps")] if len(states) == 1 else []
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
