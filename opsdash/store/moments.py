"""What the store says of one moment: values, health and what was wrong, of every host."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opsdash.core.event import EventKind
from opsdash.core.finding import Finding, FindingKey
from opsdash.core.frame import Frame
from opsdash.core.health import Health
from opsdash.core.history import FINE
from opsdash.core.silence import Silence
from opsdash.core.snapshot import Change
from opsdash.store.database import Database
from opsdash.store.frames import LatestFrames
from opsdash.store.history_codec import floats
from opsdash.store.history_numbers import Numbers
from opsdash.store.hours import Held, Hour
from opsdash.store.silences import silences_at

LATE_S = 60.0
"""Findings are written every ten seconds, events every second: so far back both are read."""

CHANGES = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """A host's health as it was told last, when, and why."""

    at: float
    health: Health
    text: str


@dataclass(slots=True)
class Moment:
    """All that the store says of one moment. `run` is the last event about opsdash itself by then,
    with its time, and `run_ended` whether the next one says that the run was killed.
    """

    at: float
    held: dict[str, Held] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)
    judged_since: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    frames: dict[str, Frame] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    changes: tuple[Change, ...] = ()
    run: tuple[float, str] | None = None
    run_ended: bool = False


class Moments:
    """Reads moments; another program may be writing the store meanwhile."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._numbers = Numbers()
        self._hour = Hour()
        self._frames = LatestFrames()

    @property
    def notice(self) -> str:
        """Why the store can't be read; empty: it can."""
        return self._store.notice

    async def at(self, hosts: Iterable[str], moment: float) -> Moment:
        """What is remembered of these hosts at a moment (seconds since 1970)."""
        names = tuple(hosts)

        def read(db: sqlite3.Connection) -> Moment:
            self._numbers.meet(db)
            found = Moment(moment, self._held(db, names, moment))
            found.turns = {
                host: turn for host in names if (turn := _turn(db, host, moment)) is not None
            }
            found.judged_since = _judged_since(db)
            found.findings = open_findings(db, moment)
            found.frames = self._frames.before(db, names, moment)
            found.silences = silences_at(db, moment)
            found.changes = changes_until(db, moment)
            found.run, found.run_ended = _run(db, moment)
            return found

        return await self._store.read(read, Moment(moment))

    def _held(self, db: sqlite3.Connection, names: Iterable[str], moment: float) -> dict[str, Held]:
        """The values of each host: from rows of ten seconds, of older hours from chunks."""
        found, numbers = {}, dict(db.execute("SELECT name, id FROM history_host"))
        for name in names:
            number = numbers.get(name)
            if number is None:
                continue
            row = db.execute(
                "SELECT at, layout, data FROM history_fine WHERE host = ? AND at <= ? "
                "ORDER BY at DESC LIMIT 1",
                (number, moment),
            ).fetchone()
            held = self._fine(db, row) if row else self._hour.held(db, number, moment)
            if held is not None:
                found[name] = held
        return found

    def _fine(self, db: sqlite3.Connection, row: tuple[int, int, bytes]) -> Held | None:
        at, layout, data = row
        keys, values = self._numbers.keys(db, layout), floats(data)
        return Held(at, FINE.seconds, keys, values) if len(keys) == len(values) else None


def _turn(db: sqlite3.Connection, host: str, moment: float) -> Turn | None:
    row = db.execute(
        "SELECT at, health, text FROM event WHERE host = ? AND kind = ? AND at <= ? "
        "ORDER BY number DESC LIMIT 1",
        (host, EventKind.HEALTH.value, moment),
    ).fetchone()
    health = _health(row[1]) if row else None
    return None if health is None else Turn(float(row[0]), health, str(row[2]))


def _judged_since(db: sqlite3.Connection) -> dict[str, float]:
    return {str(name): float(at) for name, at in db.execute("SELECT name, first_judged FROM host")}


def changes_until(db: sqlite3.Connection, moment: float) -> tuple[Change, ...]:
    """The changes of health before a moment, the newest first."""
    rows = db.execute(
        "SELECT at, host, before, health, text FROM event WHERE kind = ? AND at <= ? "
        "ORDER BY number DESC LIMIT ?",
        (EventKind.HEALTH.value, moment, CHANGES),
    )
    found = []
    for at, host, before, after, text in rows:
        was, became = _health(before), _health(after)
        if was is not None and became is not None:
            found.append(Change(float(at), str(host), was, became, str(text)))
    return tuple(found)


def _run(db: sqlite3.Connection, moment: float) -> tuple[tuple[float, str] | None, bool]:
    select = (
        "SELECT at, kind FROM event WHERE host = '' "
        "AND kind IN ('started', 'stopped', 'killed') AND "
    )
    last = db.execute(select + "at <= ? ORDER BY number DESC LIMIT 1", (moment,)).fetchone()
    after = db.execute(select + "at > ? ORDER BY number LIMIT 1", (moment,)).fetchone()
    killed = after is not None and after[1] == EventKind.KILLED.value
    return (None if last is None else (float(last[0]), str(last[1]))), killed


def open_findings(db: sqlite3.Connection, moment: float) -> list[Finding]:
    """What was wrong at a moment, as far as it had been raised by then."""
    found: dict[FindingKey, Finding] = {}
    rows = db.execute(
        "SELECT host, check_id, subject, first_seen, health, summary FROM finding "
        "WHERE first_seen <= ? AND (closed_at IS NULL OR closed_at > ?)",
        (moment, moment),
    ).fetchall()
    for host, check, subject, since, health, summary in rows:
        known = _health(health)
        if known is not None and _was_raised(db, (host, check, subject), since, moment):
            one = Finding(check, host, known, summary, subject=subject, since=float(since))
            found[one.key] = one
    recent = db.execute(
        "SELECT kind, at, host, check_id, subject, health, text FROM event "
        "WHERE at > ? AND at <= ? AND kind IN (?, ?) ORDER BY number",
        (moment - LATE_S, moment, EventKind.FOUND.value, EventKind.OVER.value),
    )
    for kind, at, host, check, subject, health, text in recent:
        known = _health(health)
        key = (host, check, subject)
        if kind == EventKind.OVER.value:
            found.pop(key, None)
        elif known is not None and key not in found:
            found[key] = Finding(check, host, known, text, subject=subject, since=float(at))
    return list(found.values())


def _was_raised(db: sqlite3.Connection, key: FindingKey, since: float, moment: float) -> bool:
    """Whether a finding that began before a moment had been raised by then: most must last for a
    while first. What no event tells of is older than the events.
    """
    told = db.execute(
        "SELECT min(at) FROM event WHERE host = ? AND check_id = ? AND subject = ? "
        "AND kind = ? AND at >= ?",
        (*key, EventKind.FOUND.value, since),
    ).fetchone()[0]
    return told is None or float(told) <= moment


def _health(value: object) -> Health | None:
    known: Mapping[object, Health] = {int(one): one for one in Health}
    return known.get(value)
