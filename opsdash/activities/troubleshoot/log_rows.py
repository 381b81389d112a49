"""Log lines as lines of the screen: one each, wrapped, and in full."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.activities.troubleshoot.logs_report import NO_TIME, of_day
from opsdash.core.log_record import LogEntry, LogGap, LogRecord
from opsdash.core.moment import split_time
from opsdash.core.priority import PRIORITIES, letter
from opsdash.core.text import count, duration
from opsdash.widgets.line import HUES, Line, Role, Span, fit, line, wrap

MOST_WRAPPED = 12
"""Rows that one wrapped line takes at most; enter shows all of it."""

_ROLES = {0: Role.CRIT, 1: Role.CRIT, 2: Role.CRIT, 3: Role.CRIT, 4: Role.WARN, 5: Role.STRONG}
WIDE_FROM = 120
NARROW = 60
"""Cells below which the text is worth more than milliseconds and the program's name."""

ASIDE = "  "
"""Before what only stands near a line that fits: not its colour alone tells it apart."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How wide the parts of a line are: of the screen, the host's name, the program's; from which
    cell of the text on it is shown; whether it is wrapped; whether a priority is a word. A program
    of no width is left out, with the milliseconds.
    """

    width: int
    host: int
    program: int
    column: int = 0
    wrapped: bool = False
    words: bool = False

    @property
    def lead(self) -> int:
        """Cells before the text."""
        program = self.program + 1 if self.program else 0
        return self.time + self.host + program + (11 if self.words else 4)

    @property
    def time(self) -> int:
        """Cells of the time of day."""
        return len(NO_TIME) if self.program else len("13:51:02")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an entry besides: how often it came, whether its kind was never seen before,
    and whether it fits the filter itself, or stands near a line that does.
    """

    repeats: int = 1
    new: bool = False
    fits: bool = True


PLAIN = Known()


def layout(width: int, hosts: tuple[str, ...], column: int = 0, *, wrapped: bool = False) -> Layout:
    """What fits a screen of this width, for these hosts."""
    wide = width >= WIDE_FROM
    longest = max((len(name) for name in hosts), default=0)
    host = min(longest, 20 if wide else 10) if len(hosts) > 1 else 0
    program = 14 if wide else 9 if width >= NARROW else 0
    return Layout(width, host, program, column, wrapped, words=wide)


def role_of(priority: int | None) -> Role:
    """What text of this priority is."""
    return Role.MUTED if priority is None or priority >= 7 else _ROLES.get(priority, Role.TEXT)


def clock(at_s: float | None) -> str:
    """``13:51:02.114`` of this machine's zone."""
    when = split_time(at_s)
    return of_day(when, at_s) if when is not None and at_s is not None else NO_TIME


def hues_of(hosts: tuple[str, ...]) -> dict[str, Role]:
    """A colour for each host, by its place."""
    return {name: HUES[place % len(HUES)] for place, name in enumerate(hosts)}


def entry_lines(
    entry: LogEntry, how: Layout, hues: Mapping[str, Role], known: Known = PLAIN
) -> list[Line]:
    """The rows of the screen that an entry takes."""
    if isinstance(entry, LogGap):
        return [_gap(entry, how, hues)]
    head = _head(entry, how, hues)
    role = role_of(entry.priority) if known.fits else Role.MUTED
    tail = f"  x{known.repeats}" if known.repeats > 1 else ""
    mark = ("" if known.fits else ASIDE) + ("NEW " if known.new else "")
    room = how.width - how.lead
    if not how.wrapped:
        text = " ".join(entry.text.split("\n")).lstrip()[how.column :]
        shown = fit(text, max(room - len(tail) - len(mark), 8)).rstrip() if tail else text
        return [(*head, Span(mark, Role.ACCENT), Span(shown, role), Span(tail, Role.STRONG))]
    parts = _wrapped(entry.text.lstrip(), max(room - len(tail) - len(mark), 20))
    rows: list[Line] = [
        (*head, Span(mark, Role.ACCENT), Span(parts[0], role), Span(tail, Role.STRONG))
    ]
    blank = Span(" " * how.lead)
    return [*rows, *((blank, Span(part, role)) for part in parts[1:])]


def _wrapped(text: str, width: int) -> list[str]:
    """Rows of at most `width` cells; an ellipsis at the end says that there are more."""
    parts = wrap(text, width)
    if len(parts) <= MOST_WRAPPED:
        return parts
    return [*parts[: MOST_WRAPPED - 1], fit(f"{parts[MOST_WRAPPED - 1]}…", width).rstrip()]


def _head(entry: LogRecord, how: Layout, hues: Mapping[str, Role]) -> Line:
    role = role_of(entry.priority)
    told = letter(entry.priority)
    if how.words:
        told = f"{told} {PRIORITIES[entry.priority] if entry.priority is not None else '-':<7}"
    name = f"{fit(entry.host, how.host)} " if how.host else ""
    program = f"{fit(entry.program or '-', how.program)} " if how.program else ""
    return (
        Span(f"{clock(entry.at_s)[: how.time]} ", Role.MUTED),
        Span(name, hues.get(entry.host, Role.STRONG)),
        Span(f"{told} ", role),
        Span(program, Role.MUTED),
    )


def _gap(gap: LogGap, how: Layout, hues: Mapping[str, Role]) -> Line:
    """A gap is drawn as one."""
    lines = count(gap.dropped, "line") if gap.dropped else "lines"
    span = ""
    if gap.from_s is not None and gap.until_s is not None:
        span = f" of {duration(max(gap.until_s - gap.from_s, 0.0))}"
    name = f"{fit(gap.host, how.host)} " if how.host else f"{gap.host} "
    return line(
        Span(f"{clock(gap.at_s)[: how.time]} ", Role.MUTED),
        Span(name, hues.get(gap.host, Role.STRONG)),
        Span(f"┈┈ {lines}{span} are missing: {gap.why} ┈┈", Role.UNKNOWN),
    )


def parting(how: Layout) -> Line:
    """Between lines that have nothing to do with each other."""
    return (Span(" " * how.lead), Span("┈┈┈┈", Role.MUTED))


def plain(entry: LogEntry) -> str:
    """An entry in one line of text, for a ticket: with its date."""
    when = split_time(entry.at_s)
    at = "-" if when is None else f"{time.strftime('%Y-%m-%d', when)} {clock(entry.at_s)}"
    if isinstance(entry, LogGap):
        return f"{at} {entry.host} -- lines are missing: {entry.why}"
    prio = PRIORITIES[entry.priority] if entry.priority is not None else "-"
    who = entry.program or "-"
    pid = f"[{entry.pid}]" if entry.pid is not None else ""
    return f"{at} {entry.host} {prio} {who}{pid}: {entry.text}"


def whole(entry: LogEntry, width: int) -> list[Line]:
    """All that is known of an entry, a field a line."""
    if isinstance(entry, LogGap):
        fields = [("host", entry.host), ("source", entry.source), ("why", entry.why)]
        fields.append(("lines", str(entry.dropped) if entry.dropped else "not known"))
        text = ""
    else:
        prio = PRIORITIES[entry.priority] if entry.priority is not None else "not told"
        fields = [
            ("host", entry.host),
            ("priority", prio),
            ("program", entry.program),
            ("unit", entry.unit),
            ("pid", str(entry.pid) if entry.pid is not None else ""),
            ("source", entry.source),
            ("boot", entry.boot),
        ]
        text = entry.text
    at = plain(entry).partition(f" {entry.host} ")[0]
    fields.insert(
        0, ("time", f"{at} by its own clock" if at != "-" else "not told, or none that there is")
    )
    lines = [line(Span(f"{name:<9}", Role.MUTED), value) for name, value in fields if value]
    return [*lines, (), *((Span(part),) for part in wrap(text, width))]
