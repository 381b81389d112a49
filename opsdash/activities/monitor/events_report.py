"""Events as a table, as JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from opsdash.core.event import Event, EventKind, folded
from opsdash.core.table import table
from opsdash.core.utc import utc

SCHEMA = "opsdash-events-1"

_WORDS = {
    EventKind.FOUND: "found",
    EventKind.OVER: "over",
    EventKind.PORT: "port",
    EventKind.MOUNT: "mount",
    EventKind.SILENCED: "silenced",
    EventKind.UNSILENCED: "silenced no more",
    EventKind.STARTED: "opsdash started",
    EventKind.STOPPED: "opsdash ended",
    EventKind.KILLED: "opsdash was killed",
    EventKind.TOLD: "told",
    EventKind.UNTOLD: "hook failed",
    EventKind.ACTED: "changed",
}


def chosen(events: Sequence[Event], words: Sequence[str]) -> list[Event]:
    """Those of hosts whose names fit any of the names and globs, and none behind a ``!``; without
    words all, with those about opsdash itself.
    """
    fits = fitting(words)
    return [event for event in events if fits(event.host)]


def fitting(words: Sequence[str]) -> Callable[[str], bool]:
    """Whether the name of a host fits the words, as chosen() says; empty: it is about none."""
    wanted = [word for word in words if not word.startswith("!")]
    unwanted = [word[1:] for word in words if word.startswith("!")]

    def fits(name: str) -> bool:
        if words and not name:
            return False
        if any(fnmatchcase(name, glob) for glob in unwanted):
            return False
        return not wanted or any(fnmatchcase(name, glob) for glob in wanted)

    return fits


def as_table(events: Sequence[Event]) -> list[str]:
    """A line for each event in local time, oldest first; what came and went often in one."""
    rows = [(_local(one.at), one.host or "-", _what(one), one.text) for one in folded(events)]
    return table(("TIME", "HOST", "WHAT", "WHY"), rows)


def _what(event: Event) -> str:
    if event.kind is EventKind.HEALTH and event.health is not None:
        before = event.before.name if event.before is not None else "-"
        return f"{before} -> {event.health.name}"
    return _WORDS[event.kind]


def as_json(events: Sequence[Event]) -> str:
    """One document, nothing folded; times are UTC."""
    return json.dumps({"schema": SCHEMA, "events": [_data(one) for one in events]})


def _data(event: Event) -> dict[str, object]:
    return {
        "number": event.number,
        "at": utc(event.at),
        "kind": event.kind.value,
        "host": event.host or None,
        "health": None if event.health is None else event.health.name,
        "before": None if event.before is None else event.before.name,
        "check": event.check or None,
        "subject": event.subject or None,
        "text": event.text,
    }


def as_csv(events: Sequence[Event]) -> str:
    """A row for each event, nothing folded."""
    out = io.StringIO()
    rows = [_data(event) for event in events]
    names = list(_data(Event(0.0, EventKind.STARTED)))
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _local(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
