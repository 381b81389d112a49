"""The answer of ``opsdash alerts``: as a table for eyes, as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.activities.monitor.alert_list import Alert, Alerts
from opsdash.core.silence import Silence, end_words
from opsdash.core.snapshot import Snapshot
from opsdash.core.table import table
from opsdash.core.text import clean_line, duration
from opsdash.core.utc import utc

SCHEMA = "opsdash-alerts-1"

Document = dict[str, object]


def document(snapshot: Snapshot, found: Alerts) -> Document:
    """The report as JSON data: stable, versioned; see docs/alerts.schema.json."""
    return {
        "schema": SCHEMA,
        "generated_at": utc(snapshot.at),
        "source": snapshot.source or "this machine",
        "notices": [clean_line(notice) for notice in snapshot.notices],
        "open": [_alert(one) for one in found.open],
        "acknowledged": [_alert(one) for one in found.acked],
        "muted": [_alert(one) for one in found.muted],
        "recent": [_alert(one) for one in found.recent],
        "idle_silences": [silence_document(one) for one in found.idle],
    }


def _alert(one: Alert) -> Document:
    host, check, subject = one.key
    return {
        "host": clean_line(host),
        "check": check,
        "subject": subject,
        "health": one.health.name.lower(),
        "text": one.text,
        "since": utc(one.began) if one.began else None,
        "ended": utc(one.ended) if one.ended else None,
        "came_in_last_hour": one.times or None,
        "silence": None if one.silence is None else silence_document(one.silence),
    }


def silence_document(one: Silence) -> Document:
    """What silences something: of which kind, whom it is from, why, and until when."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "hosts": one.hosts,
        "check": one.check or None,
        "subject": one.subject,
        "reason": one.reason,
        "who": one.who,
        "at": utc(one.at),
        "until": utc(one.until),
    }


def as_table(snapshot: Snapshot, found: Alerts) -> list[str]:
    """The report for a person: a part for each kind of alert, empty parts left out."""
    now = snapshot.at
    parts = [
        _part("open", _rows(found.open, now)),
        _part("acknowledged", _rows(found.acked, now)),
        _part("muted", _rows(found.muted, now)),
        _part("ended", _ended(found.recent, now)),
        _part("silenced, nothing found there", [_idle(one, now) for one in found.idle]),
    ]
    lines = [line for part in parts for line in part]
    if not found.open:
        lines = ["nothing is open", *lines]
    return [*lines, *(clean_line(notice) for notice in snapshot.notices)]


def _part(title: str, rows: list[tuple[str, ...]]) -> list[str]:
    header = ("HEALTH", "HOST", "SINCE", "CHECK", "WHAT", "UNTIL")
    return [f"{title}: {len(rows)}", *table(header, rows), ""] if rows else []


def _rows(found: Sequence[Alert], now: float) -> list[tuple[str, ...]]:
    return [
        (one.health.name, one.host, _ago(one.began, now), one.check, one.words, _until(one, now))
        for one in found
    ]


def _ended(found: Sequence[Alert], now: float) -> list[tuple[str, ...]]:
    return [
        (one.health.name, one.host, lasted(one), one.check, one.text, f"{_ago(one.ended, now)} ago")
        for one in found
    ]


def lasted(one: Alert) -> str:
    """How long one that has ended lasted; a dash where its beginning is not known."""
    return duration(one.ended - one.began) if one.began else "-"


def _idle(one: Silence, now: float) -> tuple[str, ...]:
    return ("", one.hosts, _ago(one.at, now), one.check, one.kind.value, end_words(one, now))


def _until(one: Alert, now: float) -> str:
    return end_words(one.silence, now) if one.silence is not None else ""


def _ago(at: float, now: float) -> str:
    return duration(now - at) if at else ""
