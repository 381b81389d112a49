"""Acks, mutes and maintenance windows in the store; what several programs write is joined."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from opsdash.core.silence import KEPT_S, Silence, SilenceKind, by_id, join
from opsdash.store.database import Database

_ALL = "SELECT id, kind, hosts, at, until, check_id, subject, reason, who, ended_at FROM silence"
_PUT = "INSERT OR REPLACE INTO silence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM silence WHERE ended_at > 0 AND max(until, ended_at) < ?"


class SilenceTable:
    """All silences that are not long over."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._version = -1

    async def all(self) -> dict[str, Silence]:
        """Those that are there, by id; one of another version that means nothing is left out."""
        return await self._store.read(_read, {})

    async def changed(self) -> bool:
        """Whether another program has written to the store since this was asked last."""
        before = self._version
        found = await self._store.query("PRAGMA data_version")
        self._version = int(str(found[0][0])) if found else before
        return self._version != before

    async def save(self, silences: Iterable[Silence], now: float) -> None:
        """Join these to what is there; what is long over goes."""
        new = by_id(silences)

        def write(db: sqlite3.Connection) -> None:
            joined = join(_read(db), new)
            db.executemany(_PUT, [_row(joined[name]) for name in new])
            db.execute(_FORGET, (now - KEPT_S,))

        await self._store.write(write, unfenced=True)


def _read(db: sqlite3.Connection) -> dict[str, Silence]:
    found = [_silence(row) for row in db.execute(_ALL).fetchall()]
    return {one.id: one for one in found if one is not None}


def _row(one: Silence) -> tuple[object, ...]:
    return (
        one.id,
        one.kind.value,
        one.hosts,
        one.at,
        one.until,
        one.check,
        one.subject,
        one.reason,
        one.who,
        one.ended_at,
    )


def _silence(row: Sequence[object]) -> Silence | None:
    name, kind, hosts, at, until, check, subject, reason, who, ended_at = row
    if str(kind) not in list(SilenceKind):
        return None
    return Silence(
        id=str(name),
        kind=SilenceKind(str(kind)),
        hosts=str(hosts),
        at=float(str(at)),
        until=float(str(until)),
        check=str(check),
        subject=str(subject),
        reason=str(reason),
        who=str(who),
        ended_at=float(str(ended_at)),
    )


def silences_at(db: sqlite3.Connection, moment: float) -> tuple[Silence, ...]:
    """Those that were in force at a moment (seconds since 1970), as far as they are remembered."""
    return tuple(
        one
        for one in _read(db).values()
        if one.at <= moment < one.until and not (one.over and one.ended_at <= moment)
    )
