"""Events in the store: written in batches, listed in the order in which they happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from opsdash.core.event import KEPT_S, Event, EventKind
from opsdash.core.health import Health
from opsdash.store.database import Database

_INSERT = (
    "INSERT INTO event (at, kind, host, text, health, before, check_id, subject) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SINCE = (
    "SELECT number, at, kind, host, text, health, before, check_id, subject FROM event "
    "WHERE at >= ? ORDER BY number"
)
_LAST_RUN = (
    "SELECT number, at, kind, host, text, health, before, check_id, subject FROM event "
    "WHERE host = '' AND kind IN ('started', 'stopped', 'killed') ORDER BY number DESC LIMIT 1"
)
_RUN_BEFORE = _LAST_RUN.replace("ORDER BY", "AND at < ? ORDER BY")


class Events:
    """The record of what happened, in the order of writing: the clock may be set back."""

    def __init__(self, store: Database) -> None:
        self._store = store

    async def add(self, events: Sequence[Event]) -> None:
        """Remember these, oldest first; what is past its time goes."""
        rows = [_row(event) for event in events]

        def write(db: sqlite3.Connection) -> None:
            db.executemany(_INSERT, rows)
            db.execute("DELETE FROM event WHERE at < ?", (rows[-1][0] - KEPT_S,))

        if rows:
            await self._store.write(write)

    async def since(self, earliest: float) -> list[Event]:
        """All that happened since (seconds since 1970), oldest first."""
        found = await self._store.query(_SINCE, (earliest,))
        return [event for row in found if (event := _event(row)) is not None]

    async def last_run(self) -> Event | None:
        """The newest event about opsdash itself; None before the first run."""
        found = await self._store.query(_LAST_RUN)
        return _event(found[0]) if found else None

    async def run_before(self, moment: float) -> Event | None:
        """The last event about opsdash itself before a moment (seconds since 1970)."""
        found = await self._store.query(_RUN_BEFORE, (moment,))
        return _event(found[0]) if found else None

    async def healths(self) -> dict[str, Health]:
        """The health of each host as it was last told."""
        found = await self._store.query(
            "SELECT host, health FROM event WHERE number IN "
            "(SELECT max(number) FROM event WHERE kind = ? GROUP BY host)",
            (EventKind.HEALTH.value,),
        )
        told = {str(host): _health(health) for host, health in found}
        return {host: health for host, health in told.items() if health is not None}


def _row(event: Event) -> tuple[float, str, str, str, int | None, int | None, str, str]:
    healths = (None if one is None else int(one) for one in (event.health, event.before))
    return (event.at, event.kind, event.host, event.text, *healths, event.check, event.subject)  # type: ignore[return-value]


def _event(row: Sequence[object]) -> Event | None:
    """What a row says; None of one that another version wrote and this one does not know."""
    number, at, kind, host, text, health, before, check, subject = row
    if str(kind) not in list(EventKind):
        return None
    return Event(
        at=float(str(at)),
        kind=EventKind(str(kind)),
        host=str(host),
        text=str(text),
        health=_health(health),
        before=_health(before),
        check=str(check),
        subject=str(subject),
        number=int(str(number)),
    )


def _health(value: object) -> Health | None:
    known = [one for one in Health if value == int(one)]
    return known[0] if known else None
