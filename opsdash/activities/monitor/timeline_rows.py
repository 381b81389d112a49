"""The rows of the timeline: what fits a filter, day by day, and what each says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from opsdash.core.happening import Happening, Kind
from opsdash.core.health import Health
from opsdash.core.text import duration, middle
from opsdash.widgets.columns import Column
from opsdash.widgets.line import ROLES, Line, Role, Span, line, wrap

DAY = "day:"
"""Begins the key of a row that names a day."""

FILTER_HELP = "text  !not  kind:package  host:web1  who:NAME  (every word must hold)"

Test = Callable[[Happening], bool]

_FIELDS: Mapping[str, Callable[[Happening], str]] = {
    "kind": lambda one: one.kind,
    "host": lambda one: one.host,
    "who": lambda one: one.who,
}

ROLE: Mapping[Kind, Role] = {
    Kind.PACKAGE: Role.ACCENT,
    Kind.BOOT: Role.STRONG,
    Kind.ACCOUNT: Role.STRONG,
    Kind.FILE: Role.ACCENT,
    Kind.CRON: Role.ACCENT,
    Kind.ACTION: Role.STRONG,
}


def understood(text: str) -> list[Test]:
    """The tests that a typed filter stands for; all must hold, case does not matter."""
    return [_test(word) for word in text.lower().split() if word != "!"]


def _test(word: str) -> Test:
    if word.startswith("!"):
        inner = _test(word[1:])
        return lambda one: not inner(one)
    field, mark, value = word.partition(":")
    if mark and field in _FIELDS:
        read = _FIELDS[field]
        return lambda one: read(one).lower().startswith(value)
    return lambda one: word in f"{one.host} {one.kind} {one.words} {one.who} {one.detail}".lower()


def rows(found: Iterable[Happening], filter_text: str = "") -> dict[str, Happening | None]:
    """What fits by a key that stays, in order; None for the line that begins another day."""
    tests = understood(filter_text)
    shown: dict[str, Happening | None] = {}
    day = ""
    for one in found:
        if not all(test(one) for test in tests):
            continue
        today = time.strftime("%Y-%m-%d", time.localtime(one.at))
        if today != day:
            day = today
            shown[f"{DAY}{day}"] = None
        key = f"{one.host}|{one.at:.3f}|{one.kind}|{one.words}"
        shown.setdefault(key, one)
    return shown


def day_line(key: str, now: float) -> Line | None:
    """The line of a row that begins a day; None for any other."""
    if not key.startswith(DAY):
        return None
    day = key.removeprefix(DAY)
    named = {
        time.strftime("%Y-%m-%d", time.localtime(now)): "today",
        time.strftime("%Y-%m-%d", time.localtime(now - 86_400)): "yesterday",
    }.get(day, "")
    weekday = time.strftime("%a", time.strptime(day, "%Y-%m-%d"))
    words = f"{weekday} {day}{f', {named}' if named else ''}"
    return line(Span("── ", Role.MUTED), Span(words, Role.HEADING))


def role_of(one: Happening) -> Role:
    """Health is coloured as everywhere, what was changed stands out from what merely ran."""
    if one.health is not None:
        return ROLES[one.health]
    if one.kind is Kind.UNIT and one.words.startswith(("failed", "ran out")):
        return Role.WARN
    return Role.TEXT


def columns(*, several: bool) -> tuple[Column[Happening], ...]:
    """The columns; a host's own name stands there only if there are several."""
    host: Column[Happening] = Column("HOST", 12, lambda one, width: line(Span(one.host)), 1)
    return (
        Column("TIME", 8, lambda one, width: line(Span(_time(one.at), Role.MUTED))),
        *((host,) if several else ()),
        Column("KIND", 7, lambda one, width: line(Span(one.kind, ROLE.get(one.kind, Role.MUTED)))),
        Column("WHAT", 46, _what, flexible=True),
        Column("WHO", 12, lambda one, width: line(Span(one.who, Role.MUTED)), 2),
        Column("TOLD BY", 16, lambda one, width: line(Span(one.source, Role.MUTED)), 3),
    )


def _time(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _what(one: Happening, width: int) -> Line:
    return line(Span(named_words(one, width), role_of(one)))


def named_words(one: Happening, width: int) -> str:
    """Its words; of a file that has too little room the name is kept, not the first folders."""
    return middle(one.words, width) if one.kind in (Kind.FILE, Kind.CRON) else one.words


def whole(one: Happening, now: float, width: int) -> list[Line]:
    """All of one row."""
    at = time.strftime("%a %Y-%m-%d %H:%M:%S", time.localtime(one.at))
    ago = f"{duration(now - one.at)} ago" if one.at <= now else f"in {duration(one.at - now)}"
    facts = {
        "what": one.words,
        "when": f"{at} on the clock here, {ago}",
        "host": one.host,
        "kind": str(one.kind),
        "about": one.subject,
        "who": one.who,
        "told by": one.source,
        "in full": one.detail,
    }
    lines: list[Line] = []
    for name, text in facts.items():
        for place, part in enumerate(wrap(text, width - 10) if text else ()):
            head = Span((name if place == 0 else "").ljust(10), Role.MUTED)
            lines.append(line(head, Span(part, role_of(one) if name == "what" else Role.TEXT)))
    return lines


def counted(found: Iterable[Happening | None]) -> str:
    """How many there are, and how many are of health."""
    every = [one for one in found if one is not None]
    health = sum(one.kind is Kind.HEALTH and one.health is not Health.OK for one in every)
    words = f"{len(every)} in 48h" if every else "nothing in 48h"
    return f"{words}, {health} of health" if health else words
