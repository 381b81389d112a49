"""The columns of the fleet table: what each cell says about a host."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.figures import FIGURES, fullest_ratio
from opsdash.core.health import Health
from opsdash.core.series import spark
from opsdash.core.snapshot import HostState
from opsdash.core.text import duration, percent, size
from opsdash.core.view import SEVERITY
from opsdash.widgets.columns import Column
from opsdash.widgets.line import ROLES, Line, Role, Span, fit_right, line, spread
from opsdash.widgets.palette import Palette
from opsdash.widgets.wording import age, ago, is_old, reason

NAME_AT_LEAST = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A host as a row sees it: its state, the time, the look, and whether it is marked."""

    state: HostState
    now: float
    palette: Palette
    marked: bool = False

    @property
    def figures(self) -> Role:
        """Figures that are too old to go by are muted."""
        return Role.MUTED if is_old(self.state, self.now) else Role.TEXT


def glyph(row: Shown, width: int) -> Line:
    """The sign of the host's health, and behind it that of a marked row."""
    health = row.state.health
    sign = Span(row.palette.glyph(health), ROLES[health])
    return (sign, Span(row.palette.mark, Role.ACCENT)) if row.marked else (sign,)


def name(row: Shown, width: int) -> Line:
    """The host's name, bright when something is wrong with it."""
    role = Role.TEXT if row.state.health <= Health.UNKNOWN else Role.STRONG
    return (Span(row.state.name, role),)


def why(row: Shown, width: int) -> Line:
    """What is wrong, in words; at the right how many more findings, and whether it is new."""
    said = reason(row.state, row.now)
    marks = [Span(f" +{said.more}", Role.MUTED)] if said.more else []
    if said.flag:
        marks.append(Span(f" {said.flag}", Role.STRONG if said.flag == "NEW" else Role.MUTED))
    return spread(line(Span(said.text, said.role)), tuple(marks), width)


def since(row: Shown, width: int) -> Line:
    """For how long the first reason holds."""
    said = reason(row.state, row.now)
    return _right(ago(said.since, row.now), width, Role.TEXT) if said.since else ()


def cpu(row: Shown, width: int) -> Line:
    """CPU busy, whole percent."""
    return _compared(row, "cpu", _percent(row.state.value("cpu.busy_ratio")), width)


def cpu_spark(row: Shown, width: int) -> Line:
    """CPU busy over the last samples, one character each."""
    ring = row.state.series.get("cpu.busy_ratio")
    if ring is None:
        return ()
    return (Span(spark(ring.tail(width), width, blocks=row.palette.blocks), Role.MUTED),)


def memory(row: Shown, width: int) -> Line:
    """Memory in use, whole percent."""
    return _compared(row, "mem", _percent(row.state.value("memory.used_ratio")), width)


def fullest_disk(row: Shown, width: int) -> Line:
    """The fullest file system, whole percent."""
    return _compared(row, "disk", _percent(fullest_ratio(row.state)), width)


def host_age(row: Shown, width: int) -> Line:
    """How old the host's figures are."""
    role = Role.UNKNOWN if is_old(row.state, row.now) and row.state.at else Role.MUTED
    return _right(age(row.state, row.now), width, role)


def load(row: Shown, width: int) -> Line:
    """Load average of the last minute."""
    value = row.state.value("load.one")
    return _compared(row, "load", "-" if value is None else f"{value:.1f}", width)


def up(row: Shown, width: int) -> Line:
    """Time since boot."""
    value = row.state.value("uptime.up_s")
    return _right("-" if value is None else duration(value), width, row.figures)


def system(row: Shown, width: int) -> Line:
    """Distribution and its version."""
    for found in row.state.rows("os"):
        return line(Span(f"{found.get('id') or '-'} {found.get('version') or ''}", Role.MUTED))
    return line(Span("-", Role.MUTED))


def tags(row: Shown, width: int) -> Line:
    """The tags from the hosts file."""
    return line(Span(" ".join(sorted(row.state.host.tags)), Role.MUTED))


def rate_of(title: str, rank: int, sort: str) -> Column[Shown]:
    """A column of bytes per second, over all interfaces or disks: the figure it is sorted by."""

    def cell(row: Shown, width: int) -> Line:
        value = FIGURES[sort].value(row.state, row.now)
        return _compared(row, sort, "-" if value is None else size(value), width)

    return Column(title, 5, cell, rank, right=True, sort=sort)


def _percent(ratio: float | None) -> str:
    return "-" if ratio is None else percent(ratio).rstrip("%")


def _compared(row: Shown, figure: str, text: str, width: int) -> Line:
    """A figure, with a sign and a colour where it is far from that of the host's peers."""
    for odd in row.state.odd:
        if odd.figure == figure:
            return _right(f"{'↑' if odd.high else '↓'}{text}", width, Role.ACCENT)
    return _right(text, width, row.figures)


def _right(text: str, width: int, role: Role) -> Line:
    return (Span(fit_right(text, width), role),)


def fleet_columns(name_width: int, width: int, *, wide: bool = False) -> list[Column[Shown]]:
    """All columns, in order, for names of this width on a table of `width` cells.

    Which of them are seen is the table's width to decide: the highest rank leaves first. With
    `wide` the words of WHY make room for figures.
    """
    large = width >= 100
    room = 28 if large else 16
    reason_width = 16 if wide else 44 if large else 32
    return [
        Column("", 2, glyph),
        Column("HOST", min(max(name_width, NAME_AT_LEAST), room), name, sort="host"),
        Column("WHY", reason_width, why, flexible=True, sort=SEVERITY),
        Column("SINCE", 5, since, 2, right=True, sort="since"),
        Column("CPU%", 4, cpu, 3, right=True, sort="cpu"),
        Column("", 16 if width >= 150 else 6, cpu_spark, 5, sort="cpu"),
        Column("MEM%", 4, memory, 4, right=True, sort="mem"),
        Column("DSK%", 4, fullest_disk, 4, right=True, sort="disk"),
        Column("LOAD", 5, load, 6, right=True, sort="load"),
        rate_of("IN/s", 8, "in"),
        rate_of("OUT/s", 8, "out"),
        rate_of("RD/s", 9, "read"),
        rate_of("WR/s", 9, "write"),
        Column("UP", 4, up, 7, right=True, sort="up"),
        Column("OS", 12, system, 10, sort="os"),
        Column("TAGS", 14, tags, 11, sort="tags"),
        Column("AGE", 4, host_age, right=True, sort="age"),
    ]
