"""What the page of processes says of each: its cells, the lines below the list, and all of it."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash.activities.monitor.process_list import Process
from opsdash.core.blame import Resource
from opsdash.core.text import count, duration, size
from opsdash.widgets.columns import Column
from opsdash.widgets.detail_strip import labelled, rule
from opsdash.widgets.line import Line, Role, Span, fit_right, line, wrap
from opsdash.widgets.wording import wall_clock

STATES = {
    "R": "running",
    "S": "sleeps",
    "D": "waits for a disk",
    "Z": "a zombie: ended, and not fetched by its parent",
    "T": "stopped",
    "t": "stopped by a debugger",
    "I": "idle, of the kernel",
    "X": "dead",
}

_ALARMING = ("D", "Z")

TITLES = {Resource.CPU: "CPU%", Resource.MEMORY: "MEM", Resource.IO: "IO/s"}


def process_columns() -> tuple[Column[Process], ...]:
    """The columns; where there is little room those that say least go first."""
    return (
        Column("PID", 7, lambda one, width: _right(str(one.pid), width), right=True),
        Column("USER", 10, lambda one, width: line(Span(one.user, Role.MUTED))),
        Column("S", 1, lambda one, width: line(Span(one.state, _state_role(one)))),
        *(_figure(order) for order in TITLES),
        Column("THR", 4, lambda one, width: _right(str(one.threads), width), 3, right=True),
        Column("AGE", 4, lambda one, width: _right(duration(one.age_s), width), 1, right=True),
        Column("UNIT", 22, lambda one, width: line(Span(_unit(one), Role.MUTED)), rank=4),
        Column("COMMAND", 28, _command, flexible=True),
    )


def _figure(order: Resource) -> Column[Process]:
    def cell(one: Process, width: int) -> Line:
        return _right(amount(one, order), width, Role.TEXT)

    return Column(TITLES[order], 5, cell, right=True, sort=str(order))


def amount(one: Process, order: Resource) -> str:
    """What a process takes, short: percent of one core, bytes, bytes per second."""
    taken = one.taken(order)
    if taken < 0:
        return "-"
    return f"{100 * taken:.0f}" if order is Resource.CPU else size(taken)


def _right(text: str, width: int, role: Role = Role.MUTED) -> Line:
    return line(Span(fit_right(text, width), role))


def _state_role(one: Process) -> Role:
    return Role.WARN if one.state in _ALARMING else Role.MUTED


def _unit(one: Process) -> str:
    return one.unit.removesuffix(".service")


def _command(one: Process, width: int) -> Line:
    own = Role.TEXT if one.args else Role.MUTED
    return line(Span("  " * min(one.depth, 12)), Span(one.command, own))


def process_lines(
    one: Process, by_pid: Mapping[int, Process], now: float, place: str, width: int
) -> list[Line]:
    """The process under the cursor, in a rule and four lines."""
    words = wrap(one.command, width - 8)
    if len(words) > 2:
        words = [words[0], words[1][: width - 10] + " …"]
    said = Span(STATES.get(one.state, one.state), _state_role(one))
    title = line(Span(f"{one.name} {one.pid}", Role.STRONG), "  ", said)
    lines = [rule(title, (Span(place, Role.MUTED),), width)]
    heads = ["runs", *[""] * (len(words) - 1)]
    lines += [labelled(head, part) for head, part in zip(heads, words, strict=True)]
    lines.append(labelled("since", Span(_since(one, now), Role.MUTED)))
    lines.append(labelled("under", Span(_under(one, by_pid), Role.MUTED)))
    return lines


def _since(one: Process, now: float) -> str:
    """When it began, what it has used since, and how it is run."""
    began = wall_clock(now - one.age_s, now)
    parts = [f"{began}, {duration(one.age_s)} ago", f"CPU time {duration(one.cpu_s)}"]
    parts.append(count(one.threads, "thread"))
    if one.nice:
        parts.append(f"nice {one.nice}")
    return " · ".join(parts)


def _under(one: Process, by_pid: Mapping[int, Process]) -> str:
    """Who began it, and its unit."""
    above = by_pid.get(one.parent)
    parent = f"{above.name} {above.pid}" if above is not None else f"process {one.parent}"
    return f"{parent if one.parent else 'nobody'} · {one.unit or 'no unit'} · user {one.user}"


def whole_process(
    one: Process, by_pid: Mapping[int, Process], now: float, width: int
) -> list[Line]:
    """A page about one process: everything that is known of it, its parents and its children."""
    facts = (
        ("state", STATES.get(one.state, one.state)),
        ("user", one.user),
        ("CPU", f"{amount(one, Resource.CPU)}% of a core"),
        ("memory", amount(one, Resource.MEMORY)),
        ("disk", _drawn(one)),
        ("since", _since(one, now)),
        ("unit", one.unit or "none"),
    )
    lines = [line(Span(f"{name:<9}", Role.MUTED), text) for name, text in facts]
    words = wrap(one.command, max(20, width - 9))
    heads = ["runs", *[""] * (len(words) - 1)]
    lines += [line(Span(f"{h:<9}", Role.MUTED), part) for h, part in zip(heads, words, strict=True)]
    lines += _relatives("below", _above(one, by_pid))
    children = [other for other in by_pid.values() if other.parent == one.pid != other.pid]
    return [*lines, *_relatives("began", sorted(children, key=lambda other: -other.cores))]


def _drawn(one: Process) -> str:
    drawn = amount(one, Resource.IO)
    return "only root may see it" if drawn == "-" else f"{drawn} per second read and written"


def _above(one: Process, by_pid: Mapping[int, Process]) -> list[Process]:
    found: list[Process] = []
    here = by_pid.get(one.parent)
    while here is not None and here not in found and here.pid != one.pid:
        found.append(here)
        here = by_pid.get(here.parent)
    return found


def _relatives(word: str, others: list[Process]) -> list[Line]:
    heads = [word, *[""] * (len(others) - 1)]
    return [
        line(
            Span(f"{head:<9}", Role.MUTED),
            f"{other.pid:>7}  ",
            Span(f"{other.user:<10} ", Role.MUTED),
            other.command,
        )
        for head, other in zip(heads, others, strict=False)
    ]
