"""A handover as text, as Markdown for a ticket, and as JSON."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence

from opsdash.core.event import Event, EventKind
from opsdash.core.handover import Handover, Wrong
from opsdash.core.text import clean_line, count, duration
from opsdash.core.utc import utc

SCHEMA = "opsdash-handover-1"
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>|~&"})
_AT_FIRST = re.compile(r"^(\s*)(?:([#+=-])|(\d+)([.)]))")

Section = tuple[str, list[str]]


def sections(found: Handover) -> list[Section]:
    """Headings with the lines below them, what matters most first; empty ones are left out."""
    every: list[Section] = [
        ("WRONG, AND NEW SINCE THEN", [_wrong(one, found.until) for one in found.new]),
        ("STILL WRONG", [_wrong(one, found.until) for one in found.known]),
        ("DONE FROM HERE", _events(found.done, found)),
        ("OVER", _events(found.over, found)),
        ("ACKNOWLEDGED, MUTED", _events(found.silenced, found)),
        ("HEALTH", _health(found)),
        ("PORTS AND MOUNTS THAT CAME OR WENT", _events(found.came_and_went, found)),
        ("HOOKS", _events(found.told, found)),
        ("NOBODY WATCHED", [_span(*one, found) for one in found.blind]),
    ]
    return [(title, lines) for title, lines in every if lines]


def heading(found: Handover) -> str:
    """What it is, in one line."""
    span = duration(max(found.until - found.since, 0.0))
    return f"since {_clock(found.since, found)}, {span} until {_clock(found.until, found)}"


def as_text(found: Handover) -> list[str]:
    """Lines for a terminal."""
    lines = [heading(found)]
    for title, below in sections(found):
        lines += ["", f"{title} ({len(below)})", *(f"  {one}" for one in below)]
    if len(lines) == 1:
        lines += ["", "nothing is wrong, and nothing happened"]
    return lines


def as_markdown(found: Handover) -> str:
    """A document whose text is only text, whatever hosts say."""
    lines = [f"# Handover {escaped(heading(found))}"]
    for title, below in sections(found):
        lines += ["", f"## {title.capitalize()} ({len(below)})", ""]
        lines += [f"- {escaped(one)}" for one in below]
    if len(lines) == 1:
        lines += ["", "Nothing is wrong, and nothing happened."]
    return "\n".join(lines) + "\n"


def as_json(found: Handover) -> str:
    """One document."""
    return json.dumps(as_data(found))


def as_data(found: Handover) -> dict[str, object]:
    """What the document holds; times are UTC."""
    lists = ("over", "done", "silenced", "health", "came_and_went", "told")
    return {
        "schema": SCHEMA,
        "since": utc(found.since),
        "until": utc(found.until),
        "wrong": [
            {
                "host": one.host,
                "health": one.health.name,
                "summary": one.summary,
                "since": utc(one.since),
                "new": one.since >= found.since,
                "note": one.note or None,
            }
            for one in found.wrong
        ],
        **{name: [_data(one) for one in getattr(found, name)] for name in lists},
        "blind": [{"from": utc(one), "until": utc(other)} for one, other in found.blind],
    }


def _data(event: Event) -> dict[str, object]:
    return {
        "at": utc(event.at),
        "kind": event.kind.value,
        "host": event.host or None,
        "text": event.text,
        "times": event.times,
        "health": event.health.name if event.health is not None else None,
        "before": event.before.name if event.before is not None else None,
    }


def _wrong(one: Wrong, now: float) -> str:
    note = f"  ({one.note})" if one.note else ""
    age = duration(max(now - one.since, 0.0))
    return clean_line(f"{one.health.name:<7} {one.host}: {one.summary}, for {age}{note}")


def _events(events: Sequence[Event], found: Handover) -> list[str]:
    return [clean_line(f"{_clock(one.at, found)} {_who(one)}{one.text}") for one in events]


def _who(one: Event) -> str:
    again = " no longer" if one.kind is EventKind.UNSILENCED else ""
    return f"{one.host}{again}: " if one.host else ""


def _health(found: Handover) -> list[str]:
    """How each host has fared, one line each: hosts that changed most first."""
    by_host: dict[str, list[Event]] = {}
    for event in found.health:
        by_host.setdefault(event.host, []).append(event)
    lines = []
    for host, events in sorted(by_host.items(), key=lambda one: (-len(one[1]), one[0])):
        first = events[0].before.name if events[0].before is not None else "-"
        last = events[-1].health.name if events[-1].health is not None else "-"
        times = f", {count(len(events), 'change')}" if len(events) > 1 else ""
        lines.append(f"{host}: {first} -> {last}{times}, last {_clock(events[-1].at, found)}")
    return lines


def _span(start: float, end: float, found: Handover) -> str:
    return f"{_clock(start, found)} to {_clock(end, found)}: {duration(max(end - start, 0.0))}"


def _clock(at: float, found: Handover) -> str:
    """The time of day; with its date where all of it is not of one day."""
    one_day = time.localtime(found.since)[:3] == time.localtime(found.until)[:3]
    return time.strftime("%H:%M" if one_day else "%b %d %H:%M", time.localtime(at))


def escaped(text: str) -> str:
    """Text in Markdown that is text and nothing else."""
    return _AT_FIRST.sub(_as_text, text.translate(_MARKS))


def _as_text(found: re.Match[str]) -> str:
    """What would begin a heading or a list."""
    blank, mark, number, dot = found.groups()
    return f"{blank}\\{mark}" if mark else f"{blank}{number}\\{dot}"
