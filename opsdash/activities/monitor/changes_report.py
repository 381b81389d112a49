"""The answer of ``opsdash changes``: as a table for eyes, as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from opsdash.activities.monitor.story import is_told, lacking
from opsdash.core.happening import Happening
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.table import table
from opsdash.core.text import clean_line
from opsdash.core.utc import utc

SCHEMA = "opsdash-changes-1"

Document = dict[str, object]


def as_table(found: Sequence[Happening], states: Iterable[HostState]) -> list[str]:
    """A line for each in local time, the newest first, and below what could not be told."""
    rows = [(_local(one.at), one.host, one.kind, _words(one)) for one in found]
    lines = table(("TIME", "HOST", "KIND", "WHAT"), rows)
    return [*lines, *unknown(states)]


def _words(one: Happening) -> str:
    who = f", by {one.who}" if one.who and one.who not in one.words else ""
    return f"{one.words}{who}"


def unknown(states: Iterable[HostState]) -> list[str]:
    """What of which host is not known, in a line each."""
    return [f"{state.name}: {text}" for state in states for text in _lacks(state)]


def _lacks(state: HostState) -> list[str]:
    if is_told(state):
        return lacking(state)
    problem = state.link.problem
    return [problem.text if problem is not None else "did not tell within the deadline"]


def document(
    snapshot: Snapshot, found: Sequence[Happening], states: Sequence[HostState]
) -> Document:
    """The report as JSON data: stable, versioned; see docs/changes.schema.json."""
    return {
        "schema": SCHEMA,
        "generated_at": utc(snapshot.at),
        "source": snapshot.source or "this machine",
        "notices": [clean_line(text) for text in snapshot.notices],
        "hosts": [{"name": clean_line(one.name), "unknown": _lacks(one)} for one in states],
        "changes": [_change(one) for one in found],
    }


def _change(one: Happening) -> Document:
    return {
        "at": utc(one.at),
        "host": clean_line(one.host),
        "kind": one.kind.value,
        "what": one.words,
        "subject": one.subject or None,
        "who": one.who or None,
        "source": one.source or None,
        "detail": one.detail or None,
        "health": None if one.health is None else one.health.name.lower(),
    }


def _local(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
