"""The stops of a journey through the past: moments of which something is stored."""

from __future__ import annotations

import sqlite3

from opsdash.core.history import COARSE, HOUR_S, MINUTE
from opsdash.store.database import Database
from opsdash.store.hours import Hour

_FINE = {
    -1: "SELECT max((SELECT max(at) FROM history_fine WHERE host = id AND at < ?)) "
    "FROM history_host",
    1: "SELECT min((SELECT min(at) FROM history_fine WHERE host = id AND at > ?)) "
    "FROM history_host",
}
_HOURS = {
    -1: "SELECT max(start) FROM history_chunk WHERE step_s = ? AND start < ?",
    1: "SELECT min(start) FROM history_chunk WHERE step_s = ? AND start > ?",
}


class Stops:
    """Finds the next stop: ten seconds apart in the last hour, then a minute, then five."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._hour = Hour(brief=True)

    async def next_to(self, moment: float, way: int) -> float | None:
        """The next stop before a moment (`way` is -1) or after it (1), in seconds since 1970;
        None: there is none.
        """

        def read(db: sqlite3.Connection) -> float | None:
            (fine,) = db.execute(_FINE[way], (moment,)).fetchone()
            if fine is not None and abs(moment - fine) <= MINUTE.seconds:
                return float(fine)  # nothing in chunks is nearer, and they are slow to read
            old = self._in_chunks(db, moment, way)
            found = [float(one) for one in (fine, old) if one is not None]
            return max(found, key=lambda one: -way * one, default=None)

        return await self._store.read(read, None)

    def _in_chunks(self, db: sqlite3.Connection, moment: float, way: int) -> float | None:
        here = int(moment) // HOUR_S * HOUR_S
        if (int(moment) == here) and way < 0:
            here -= HOUR_S
        while True:
            self._hour.meet(db, here)
            found = self._hour.step(moment, way)
            if found is not None:
                return found
            hours = [
                hour
                for step in (MINUTE, COARSE)
                if (hour := db.execute(_HOURS[way], (step.seconds, here)).fetchone()[0]) is not None
            ]
            if not hours:
                return None
            here = int(max(hours, key=lambda one: -way * one))
