"""The processes of a host as a list: in an order, as a tree, or those that fit what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsdash.core.blame import Resource
from opsdash.core.reading import Cell, Row


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one look: what it takes (`cores` of one core, bytes, bytes per second; None:
    not to be seen), since when, whose it is, and how deep it stands in the tree.

    `start` tells two of one id apart, `args` is the command line without its passwords.
    """

    pid: int
    start: int
    parent: int
    user: str
    name: str
    args: str
    state: str
    unit: str
    cores: float
    memory_bytes: float
    io_bytes_s: float | None
    cpu_s: float
    age_s: float
    threads: int
    nice: int
    depth: int = 0

    @property
    def key(self) -> str:
        """What stays the same while the process lives."""
        return f"{self.pid}:{self.start}"

    @property
    def command(self) -> str:
        """Its command line; of a thread of the kernel, which has none, the name in brackets."""
        return self.args or f"[{self.name}]"

    def taken(self, order: Resource) -> float:
        """How much of a resource it takes; below 0 where that is not known."""
        if order is Resource.CPU:
            return self.cores
        if order is Resource.MEMORY:
            return self.memory_bytes
        return -1.0 if self.io_bytes_s is None else self.io_bytes_s


ROOT_TELLS = 60
"""Of so many that read or write root tells, of those that do it most."""


def processes(rows: Iterable[Row], moved: Sequence[Row] | None = None) -> list[Process]:
    """The processes of a reading; `moved` are those that root saw read and write, None: it did not
    look.
    """
    seen = {(row["pid"], row["start"]): row["io_bytes_s"] for row in moved or ()}
    rest = 0.0 if moved is not None and len(moved) < ROOT_TELLS else None
    return [_process(row, seen.get((row["pid"], row["start"]), rest)) for row in rows]


def _process(row: Row, moved: Cell) -> Process:
    drawn = moved if row["io_bytes_s"] is None else row["io_bytes_s"]
    return Process(
        pid=_whole(row["pid"]),
        start=_whole(row["start"]),
        parent=_whole(row["parent"]),
        user=str(row["user"]),
        name=str(row["name"]),
        args=str(row["args"]),
        state=str(row["state"]),
        unit=str(row["unit"]),
        cores=_number(row["cores"]),
        memory_bytes=_number(row["memory_bytes"]),
        io_bytes_s=None if drawn is None else _number(drawn),
        cpu_s=_number(row["cpu_s"]),
        age_s=_number(row["age_s"]),
        threads=_whole(row["threads"]),
        nice=_whole(row["nice"]),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


Test = Callable[[Process], bool]

FILTER_HELP = "text  !not  user:NAME  unit:NAME  state:D  (every word must hold)"

_FIELDS: Mapping[str, Callable[[Process], str]] = {
    "user": lambda one: one.user,
    "unit": lambda one: one.unit,
    "state": lambda one: one.state,
}


def understood(text: str) -> list[Test]:
    """The tests that a typed filter stands for; all of them must hold. Case does not matter.

    ``user:`` and ``state:`` want the whole word, all else a part; a word without a field is looked
    for in command line, name and id.
    """
    return [_test(word) for word in text.lower().split() if word != "!"]


def _test(word: str) -> Test:
    if word.startswith("!"):
        inner = _test(word[1:])
        return lambda one: not inner(one)
    field, mark, value = word.partition(":")
    if not mark or field not in _FIELDS:
        return lambda one: word in f"{one.command} {one.name} {one.pid}".lower()
    read = _FIELDS[field]
    if field == "unit":
        return lambda one: value in read(one).lower()
    return lambda one: not value or read(one).lower() == value


def arranged(
    found: Iterable[Process], order: Resource, *, tree: bool = False, filter_text: str = ""
) -> list[Process]:
    """Those that fit the filter, whoever takes most first. In the tree below their parents, who are
    there whether they fit or not; whoever has the greediest child comes first.
    """
    everybody = list(found)
    tests = understood(filter_text)
    fitting = [one for one in everybody if all(test(one) for test in tests)]
    if not tree:
        return sorted(fitting, key=lambda one: _greed(one, order))
    return _tree(everybody, fitting, order)


def _greed(one: Process, order: Resource) -> tuple[float, ...]:
    """Who takes most comes first; among those that take the same, who takes most of the rest."""
    return (-one.taken(order), -one.cores, -one.memory_bytes, one.pid)


def _tree(everybody: list[Process], fitting: list[Process], order: Resource) -> list[Process]:
    by_pid = {one.pid: one for one in everybody}
    greed: dict[int, float] = {}
    for one in fitting:
        for above in _line_up(one, by_pid):
            greed[above.pid] = max(greed.get(above.pid, -1.0), one.taken(order))
    below: dict[int, list[Process]] = {}
    for one in (one for one in everybody if one.pid in greed):
        top = one.parent not in greed or one.parent == one.pid
        below.setdefault(-1 if top else one.parent, []).append(one)
    for children in below.values():
        children.sort(key=lambda one: (greed[one.pid], -one.pid))  # the last is taken first
    shown: list[Process] = []
    waiting = [(one, 0) for one in below.pop(-1, [])]
    while waiting:
        one, depth = waiting.pop()
        shown.append(replace(one, depth=depth))
        waiting += [(child, depth + 1) for child in below.pop(one.pid, [])]
    in_circles = [one for children in below.values() for one in children]
    return [*shown, *in_circles]


def _line_up(one: Process, by_pid: Mapping[int, Process]) -> list[Process]:
    """A process and those above it; a circle, which only a lie can make, ends where it closes."""
    line: dict[int, Process] = {}
    here: Process | None = one
    while here is not None and here.pid not in line:
        line[here.pid] = here
        here = by_pid.get(here.parent)
    return list(line.values())
