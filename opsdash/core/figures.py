"""The numbers of a host that can be compared, sorted by and shown: one list for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState


class Unit(StrEnum):
    """What a figure is counted in: it decides which units may stand behind a limit."""

    PERCENT = "%"
    SECONDS = "s"
    BYTES_PER_S = "B/s"
    PLAIN = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a host: percent, seconds, bytes per second or plain; None while unknown.

    `metric` is what it is read from, where that is one metric.
    """

    name: str
    about: str
    unit: Unit
    value: Callable[[HostState, float], float | None]
    metric: str = ""


def _ratio(name: str, about: str, metric: str) -> Figure:
    def value(state: HostState, now: float) -> float | None:
        found = state.value(metric)
        return None if found is None else found * 100

    return Figure(name, about, Unit.PERCENT, value, metric)


def _plain(name: str, about: str, metric: str, unit: Unit = Unit.PLAIN) -> Figure:
    return Figure(name, about, unit, lambda state, now: state.value(metric), metric)


def _own(name: str, about: str, metric: str) -> Figure:
    """Bytes per second that in a container are the whole machine's: not this host's then."""

    def value(state: HostState, now: float) -> float | None:
        return None if state.container else state.value(metric)

    return Figure(name, about, Unit.BYTES_PER_S, value, metric)


_fullest_known: dict[str, tuple[Reading, float | None]] = {}


def fullest_ratio(state: HostState) -> float | None:
    """How full the fullest file system is, 0 to 1.

    Screens ask for it again and again, of all hosts, and file systems are read rarely: what was
    found for a host's latest reading is remembered.
    """
    reading = state.readings.get("filesystem")
    if reading is None:
        return None
    known = _fullest_known.get(state.name)
    if known is None or known[0] is not reading:
        found = max(reading.labelled("filesystem.used_ratio").values(), default=None)
        known = _fullest_known[state.name] = (reading, found)
    return known[1]


def _fullest(state: HostState, now: float) -> float | None:
    ratio = fullest_ratio(state)
    return None if ratio is None else ratio * 100


def _since(state: HostState, now: float) -> float | None:
    why = state.why
    return now - why.since if why is not None and why.since else None


_ALL = (
    _ratio("cpu", "CPU busy", "cpu.busy_ratio"),
    _ratio("mem", "memory used", "memory.used_ratio"),
    _ratio("swap", "swap used", "memory.swap_used_ratio"),
    Figure("disk", "the fullest file system", Unit.PERCENT, _fullest),
    _plain("load", "load average of one minute", "load.one"),
    _ratio("iowait", "CPU idle while a disk is awaited", "cpu.iowait_ratio"),
    _ratio("steal", "CPU taken by the hypervisor", "cpu.steal_ratio"),
    _plain("in", "received", "network.receive_bytes_per_s", Unit.BYTES_PER_S),
    _plain("out", "sent", "network.transmit_bytes_per_s", Unit.BYTES_PER_S),
    _own("read", "read from disks", "diskio.read_bytes_per_s"),
    _own("write", "written to disks", "diskio.write_bytes_per_s"),
    _plain("up", "time since boot", "uptime.up_s", Unit.SECONDS),
    Figure("since", "how long the first reason holds", Unit.SECONDS, _since),
    Figure("age", "how old the data is", Unit.SECONDS, lambda state, now: state.age_s(now)),
)

FIGURES: dict[str, Figure] = {figure.name: figure for figure in _ALL}
"""Every figure by the name that filters, selections and sort orders call it."""
