"""The past of the fleet's metrics goes into the store: a few hosts at a time, later by metric."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from opsdash.core.history import (
    COARSE,
    HOUR_S,
    MINUTE,
    Seen,
    Steps,
    mean_of,
    packed,
    steps_in,
)
from opsdash.store.database import Database
from opsdash.store.history_codec import deflated
from opsdash.store.history_numbers import Numbers

GRACE_S = 60
"""An hour becomes chunks so long after its end: what belongs to it has been written by then."""

CHUNKED = (MINUTE, COARSE)

_FINE = "INSERT INTO history_fine VALUES (?, ?, ?, ?)"
_COARSE = "INSERT INTO history_coarse VALUES (?, ?, ?, ?)"


class History:
    """Writes the past. Rows of ten seconds stay for one to two hours, then they become chunks."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._numbers = Numbers()
        self._windows: dict[str, list[Seen]] = {}
        self._expired = 0

    async def add(self, seen: Sequence[Seen]) -> None:
        """Remember what was seen of some hosts within one step of ten seconds."""
        ended = [one for one in map(self._five_minutes, seen) if one is not None]

        def write(db: sqlite3.Connection) -> None:
            self._numbers.meet(db)
            try:
                db.executemany(_FINE, [self._numbers.row(db, one) for one in seen])
                db.executemany(_COARSE, [self._numbers.row(db, one) for one in ended])
            except sqlite3.Error:
                self._numbers.forget()
                raise

        await self._store.write(write)

    async def compact(self, now: float, most_hosts: int = 20) -> int:
        """Turn hours that are over into chunks, of so many hosts at most; gives how many were
        done. When there is nothing left to do, what is past its time is dropped.
        """
        done = 0

        def write(db: sqlite3.Connection) -> None:
            nonlocal done
            self._numbers.meet(db)
            over = int(now - GRACE_S) // HOUR_S * HOUR_S
            # host by host through the index: the rows of all hosts are many
            due = db.execute(
                "SELECT * FROM (SELECT id, (SELECT min(at) FROM history_fine WHERE host = id) "
                "AS oldest FROM history_host) WHERE oldest < ? LIMIT ?",
                (over - HOUR_S, most_hosts),
            ).fetchall()
            for host, at in due:
                self._chunk(db, host, at // HOUR_S * HOUR_S)
            done = len(due)
            if not due and over > self._expired:
                _expire(db, now, over)
                self._expired = over

        await self._store.write(write)
        return done

    def _five_minutes(self, seen: Seen) -> Seen | None:
        """The five minutes of a host that end because this row begins the next ones."""
        window = self._windows.setdefault(seen.host, [])
        ended = None
        if window and window[0].at // COARSE.seconds != seen.at // COARSE.seconds:
            ended = mean_of(window, window[0].at // COARSE.seconds * COARSE.seconds)
            window.clear()
        window.append(seen)
        return ended

    def _chunk(self, db: sqlite3.Connection, host: int, start: int) -> None:
        """Turn one hour of a host into chunks."""
        end = start + HOUR_S
        rows = db.execute(
            "SELECT at, host, layout, data FROM history_fine "
            "WHERE host = ? AND at >= ? AND at < ? ORDER BY at",
            (host, start, end),
        )
        steps: dict[tuple[int, int], Steps] = {}
        chunks = []
        for key, series in self._numbers.series_in(db, rows).items():
            number = self._numbers.series(db, host, key)
            for step in CHUNKED:
                same = id(series.times), step.seconds  # most metrics share their times
                if same not in steps:
                    steps[same] = steps_in(series.times, step.seconds)
                values = packed(series.values, steps[same], start, step.seconds, span_s=HOUR_S)
                chunks.append((number, step.seconds, start, deflated(values)))
        db.executemany("INSERT OR REPLACE INTO history_chunk VALUES (?, ?, ?, ?)", chunks)
        db.execute("DELETE FROM history_fine WHERE host = ? AND at < ?", (host, end))


def _expire(db: sqlite3.Connection, now: float, over: int) -> None:
    """Drop what is past its time."""
    for step in CHUNKED:
        db.execute(
            "DELETE FROM history_chunk WHERE step_s = ? AND start < ?",
            (step.seconds, int(now - step.kept_s) - HOUR_S),
        )
    db.execute("DELETE FROM history_coarse WHERE at < ?", (over - HOUR_S,))
