"""What differs between two moments of a host: health, findings, tables, figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.health import Health
from opsdash.core.metric_words import name_of, worded
from opsdash.core.reading import Reading, Row, SampleKey
from opsdash.core.snapshot import HostState, Snapshot, triage
from opsdash.core.text import clean_line

MOST_FIGURES = 8
"""Figures of one host that are told: those that changed most."""

LEAST_CORES = 0.2
"""A process that takes so much more, or less, of a core is told."""


class What(StrEnum):
    """What differs."""

    HEALTH = "health"
    FINDING = "finding"
    SERVICE = "service"
    PORT = "port"
    MOUNT = "mount"
    CONTAINER = "container"
    SYSTEM = "system"
    PROCESS = "process"
    FIGURE = "figure"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was so before and is so after; empty: it was not there, or is not any more.

    `health` is that of what was or is wrong, where it is about that.
    """

    what: What
    subject: str
    before: str
    after: str
    health: Health | None = None

    def __post_init__(self) -> None:
        """Clean: names of units and processes are the host's words."""
        for name in ("subject", "before", "after"):
            object.__setattr__(self, name, clean_line(getattr(self, name), 200))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two moments of one host. `lacking` names the tables that only one of them knows, or none:
    what differs there can't be told.
    """

    host: str
    before: HostState
    after: HostState
    found: tuple[Difference, ...]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """How rows of a collector are told apart, and what of them is compared. `of` is the collector
    that tells the same where this one was not asked.
    """

    what: What
    title: str
    key: tuple[str, ...]
    state: tuple[str, ...]
    there: str = "there"
    instead: str = ""


TABLES: Mapping[str, Table] = {
    "units": Table(What.SERVICE, "services", ("unit",), ("result",), there="failed"),
    "openports": Table(
        What.PORT, "ports", ("proto", "address", "port"), (), there="open", instead="ports"
    ),
    "filesystem": Table(What.MOUNT, "mounts", ("mount",), ("device", "type", "read_only")),
    "containers": Table(What.CONTAINER, "containers", ("name",), ("state", "image", "health")),
}
FACTS = {"kernel": "kernel", "name": "system", "version": "version", "hostname": "host name"}
BOOT = "boot"


def compare(before: HostState, after: HostState, units: Mapping[str, str]) -> Comparison:
    """A host at two moments; `units` are those of the metrics by name."""
    tables = [(_tables(name, one, before, after)) for name, one in TABLES.items()]
    processes = _processes(before, after)
    named = [*(one.title for one in TABLES.values()), "processes"]
    told = zip(named, [*tables, processes], strict=True)
    lacking = tuple(title for title, found in told if found is None)
    found = [
        *_health(before, after),
        *_findings(before, after),
        *(one for some in tables for one in some or ()),
        *_system(before, after),
        *(processes or ()),
        *_figures(before, after, units),
    ]
    return Comparison(after.name, before, after, tuple(found), lacking)


def compare_fleets(
    before: Snapshot, after: Snapshot, hosts: Iterable[str], units: Mapping[str, str]
) -> list[Comparison]:
    """These hosts at two moments, those that are worst now first."""
    names = [name for name in hosts if name in before.hosts and name in after.hosts]
    names.sort(key=lambda name: triage(after.hosts[name]))
    return [compare(before.hosts[name], after.hosts[name], units) for name in names]


def _health(before: HostState, after: HostState) -> Iterator[Difference]:
    if before.health is not after.health:
        yield Difference(
            What.HEALTH, "", before.health.name, after.health.name, max(before.health, after.health)
        )


def _findings(before: HostState, after: HostState) -> Iterator[Difference]:
    then, now = ({one.key: one for one in state.findings} for state in (before, after))
    for key, one in now.items():
        was = then.get(key)
        if was is None or was.health is not one.health:
            told = was.summary if was is not None else ""
            yield Difference(What.FINDING, one.check, told, one.summary, one.health)
    for key, one in then.items():
        if key not in now:
            yield Difference(What.FINDING, one.check, one.summary, "", one.health)


def _good(state: HostState, collector: str) -> Reading | None:
    reading = state.readings.get(collector)
    return None if reading is None or reading.problem is not None else reading


def _tables(
    name: str, table: Table, before: HostState, after: HostState
) -> list[Difference] | None:
    """What differs in a table; None where one moment does not know it."""
    for one in filter(None, (name, table.instead)):
        then, now = _good(before, one), _good(after, one)
        if then is not None and now is not None:
            was, became = _by_key(then.rows, table), _by_key(now.rows, table)
            return [
                Difference(table.what, key, was.get(key, ""), became.get(key, ""))
                for key in sorted(was.keys() | became.keys())
                if was.get(key, "") != became.get(key, "")
            ]
    return None


def _by_key(rows: Sequence[Row], table: Table) -> dict[str, str]:
    """The rows by their key in words, and what is compared of them."""
    return {_key(row, table): _state(row, table) for row in rows}


def _key(row: Row, table: Table) -> str:
    if table.what is not What.PORT:
        return " ".join(str(row.get(name, "")) for name in table.key)
    address = str(row.get("address", ""))
    every = address in ("0.0.0.0", "::", "*", "")  # noqa: S104 - it is told, not bound
    return f"{row.get('port')}/{row.get('proto')} on {'all addresses' if every else address}"


def _state(row: Row, table: Table) -> str:
    parts = []
    for name in table.state:
        value = row.get(name)
        if value is True:
            parts.append(name.replace("_", " "))
        elif value not in (None, False, ""):
            parts.append(str(value))
    return " ".join(parts) or table.there


def _system(before: HostState, after: HostState) -> Iterator[Difference]:
    then, now = before.rows("os"), after.rows("os")
    if then and now:
        for name, words in FACTS.items():
            was, became = str(then[0].get(name) or ""), str(now[0].get(name) or "")
            if was != became:
                yield Difference(What.SYSTEM, words, was, became)
    boots = [_boot(state) for state in (before, after)]
    if all(boots) and boots[0] != boots[1]:
        yield Difference(What.SYSTEM, BOOT, "", "rebooted in between")


def _boot(state: HostState) -> str:
    rows = state.rows("uptime") or state.rows("kernel")
    return str(rows[0].get("boot_id") or "") if rows else ""


def _processes(before: HostState, after: HostState) -> list[Difference] | None:
    """Who takes much more of the processors, or much less; None where one moment knows nobody."""
    lists = [_good(state, "ps") or _good(state, "top") for state in (before, after)]
    if lists[0] is None or lists[1] is None:
        return None
    was, became = _cores(lists[0].rows), _cores(lists[1].rows)
    names = [
        name
        for name in was.keys() | became.keys()
        if abs(was.get(name, 0.0) - became.get(name, 0.0)) >= LEAST_CORES
    ]
    names.sort(key=lambda one: -max(was.get(one, 0.0), became.get(one, 0.0)))
    return [
        Difference(What.PROCESS, name, _share(was, name), _share(became, name)) for name in names
    ]


def _cores(rows: Iterable[Row]) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        cores, name = row.get("cores"), str(row.get("name") or "")
        found[name] = found.get(name, 0.0) + (cores if isinstance(cores, float) else 0.0)
    return found


def _share(cores: Mapping[str, float], name: str) -> str:
    return f"{cores[name]:.0%} of a core" if name in cores else ""


def _figures(before: HostState, after: HostState, units: Mapping[str, str]) -> list[Difference]:
    """The figures that changed most, as far as they changed much."""
    then, now = _samples(before, units), _samples(after, units)
    weighed = [
        (_weight(then[key], now[key], units[key[0]]), key) for key in then.keys() & now.keys()
    ]
    much = sorted((-weight, key) for weight, key in weighed if weight >= 1.0)
    return [
        Difference(
            What.FIGURE,
            name_of(key),
            worded(units[key[0]])(then[key]),
            worded(units[key[0]])(now[key]),
        )
        for _, key in much[:MOST_FIGURES]
    ]


def _samples(state: HostState, units: Mapping[str, str]) -> dict[SampleKey, float]:
    found: dict[SampleKey, float] = {}
    for name in dict.fromkeys(metric.partition(".")[0] for metric in units):
        reading = _good(state, name)
        if reading is not None:
            found |= {key: value for key, value in reading.samples.items() if key[0] in units}
    return found


LEAST: Mapping[str, float] = {"bytes/s": 1e6, "bytes": 1e8, "s": 1.0, "tasks": 1.0, "celsius": 5.0}
LEAST_RATIO, LEAST_OTHER = 0.10, 10.0


def _weight(before: float, after: float, unit: str) -> float:
    """How much a change is worth telling: from 1 on it is."""
    change = abs(after - before)
    if unit == "ratio":
        return change / LEAST_RATIO
    grown = change / max(min(abs(before), abs(after)), 1e-9)
    return min(change / LEAST.get(unit, LEAST_OTHER), grown / 0.5)
