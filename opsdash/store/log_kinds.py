"""Kinds of log messages that were seen in this fleet before, in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.core.log_kinds import Key, Seen
from opsdash.store.database import Database

MOST = 50_000
"""Kinds that are remembered; those that have not come for the longest time are forgotten."""

_PUT = """
INSERT INTO log_kind VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (program, pattern) DO UPDATE SET
    first_at = min(ifnull(first_at, excluded.first_at), ifnull(excluded.first_at, first_at)),
    last_at = max(ifnull(last_at, excluded.last_at), ifnull(excluded.last_at, last_at)),
    count = count + excluded.count
"""
_FORGET = """
DELETE FROM log_kind WHERE (program, pattern) IN (
    SELECT program, pattern FROM log_kind ORDER BY ifnull(last_at, kept_at) DESC LIMIT -1 OFFSET ?
)
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was seen before, and since when that is remembered (seconds since 1970 by our clock;
    None: nothing is).
    """

    keys: frozenset[Key] = frozenset()
    since_s: float | None = None


class LogKindTable:
    """All kinds that are remembered; several programs may add to them."""

    def __init__(self, store: Database) -> None:
        self._store = store

    async def all(self) -> Remembered:
        """Those that are there."""
        return await self._store.read(_read, Remembered())

    async def add(self, seen: Sequence[Seen], now: float) -> None:
        """Lines of these kinds have come; `now` is our clock."""

        def write(db: sqlite3.Connection) -> None:
            rows = [(*one.key, one.first_s, one.last_s, one.count, now) for one in seen]
            db.executemany(_PUT, rows)
            db.execute(_FORGET, (MOST,))

        if seen:
            await self._store.write(write, unfenced=True)


def _read(db: sqlite3.Connection) -> Remembered:
    rows = db.execute("SELECT program, pattern, kept_at FROM log_kind").fetchall()
    if not rows:
        return Remembered()
    keys = frozenset((str(program), str(pattern)) for program, pattern, _ in rows)
    return Remembered(keys, min(float(kept_at) for _, _, kept_at in rows))
