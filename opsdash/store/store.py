"""The store: a sqlite file that remembers findings and counters between runs.

A store that can't be opened or written costs its memory, never the monitoring: it goes on in
memory and says so in `notice`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from opsdash.core.finding import Finding, FindingKey
from opsdash.core.reading import Reading
from opsdash.core.text import clean_line

SCHEMA_VERSION = 2

_SCHEMA = """
CREATE TABLE IF NOT EXISTS finding (
    host TEXT NOT NULL, check_id TEXT NOT NULL, subject TEXT NOT NULL,
    first_seen REAL NOT NULL, last_seen REAL NOT NULL, closed_at REAL,
    health INTEGER NOT NULL, summary TEXT NOT NULL,
    PRIMARY KEY (host, check_id, subject, first_seen)
);
CREATE INDEX IF NOT EXISTS finding_open ON finding (host) WHERE closed_at IS NULL;
CREATE TABLE IF NOT EXISTS host (
    name TEXT PRIMARY KEY, last_judged REAL NOT NULL, first_judged REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS counter (
    host TEXT NOT NULL, collector TEXT NOT NULL, at REAL NOT NULL, reading TEXT NOT NULL,
    PRIMARY KEY (host, collector)
);
"""

T = TypeVar("T")


class Store:
    """One writer thread over one connection; every call returns when its work is done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opsdash-store")
        self._db: sqlite3.Connection | None = None
        self._closed = False
        self.notice = ""

    async def open(self) -> None:
        """Open the file, or go on in memory and say so."""
        await self._run(self._open)

    async def close(self) -> None:
        """Close the file; nothing more can be asked. Closing twice is closing once."""
        if self._closed:
            return
        self._closed = True
        with suppress(sqlite3.Error):
            await self._run(self._close)
        self._thread.shutdown(wait=False)

    async def open_findings(self) -> dict[FindingKey, float]:
        """When the findings that are not closed were first seen (seconds since 1970)."""
        rows = await self._query(
            "SELECT host, check_id, subject, first_seen FROM finding WHERE closed_at IS NULL"
        )
        return {(str(row[0]), str(row[1]), str(row[2])): float(str(row[3])) for row in rows}

    async def known_hosts(self) -> dict[str, float]:
        """Hosts that an earlier run has judged, and when the first one did."""
        rows = await self._query("SELECT name, first_judged FROM host")
        return {str(row[0]): float(str(row[1])) for row in rows}

    async def counters(self) -> list[Reading]:
        """The last counters of every host, as readings of the run that wrote them.

        One that can't be understood (a crash, another version) is left out.
        """
        rows = await self._query("SELECT host, collector, at, reading FROM counter")
        read = [_reading(str(r[0]), str(r[1]), float(str(r[2])), str(r[3])) for r in rows]
        return [reading for reading in read if reading is not None]

    async def save_findings(
        self,
        now: float,
        seen: Iterable[Finding],
        closed: Iterable[FindingKey],
        hosts: Iterable[str],
    ) -> None:
        """Remember what is open and what has ended, and which hosts were judged."""
        opened_rows = [
            (f.host, f.check, f.subject, f.since, now, int(f.health), f.summary) for f in seen
        ]
        closed_rows = [(now, *key) for key in closed]
        host_rows = [(name, now, now) for name in hosts]

        def write(db: sqlite3.Connection) -> None:
            db.executemany(
                "UPDATE finding SET closed_at = ? WHERE host = ? AND check_id = ? AND subject = ? "
                "AND closed_at IS NULL",
                closed_rows,
            )
            db.executemany(
                "INSERT INTO finding VALUES (?, ?, ?, ?, ?, NULL, ?, ?) "
                "ON CONFLICT (host, check_id, subject, first_seen) DO UPDATE SET "
                "last_seen = excluded.last_seen, closed_at = NULL, "
                "health = excluded.health, summary = excluded.summary",
                opened_rows,
            )
            db.executemany(
                "INSERT INTO host (name, last_judged, first_judged) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET last_judged = excluded.last_judged",
                host_rows,
            )

        await self._write(write)

    async def save_counters(self, readings: Iterable[Reading]) -> None:
        """Remember the last counters of hosts."""
        rows = [(r.host, r.collector, r.at, _as_text(r)) for r in readings]

        def write(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?)", rows)

        await self._write(write)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _query(self, statement: str) -> list[tuple[object, ...]]:
        def read() -> list[tuple[object, ...]]:
            try:
                return self._connected().execute(statement).fetchall()
            except sqlite3.Error as error:
                self._degrade(error)
                return []

        return await self._run(read)

    async def _write(self, write: Callable[[sqlite3.Connection], None]) -> None:
        def work() -> None:
            try:
                db = self._connected()
                with db:
                    write(db)
            except sqlite3.Error as error:
                self._degrade(error)
                with suppress(sqlite3.Error):
                    db = self._connected()
                    with db:
                        write(db)

        await self._run(work)

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            raise sqlite3.OperationalError("the store is not open")
        return self._db

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = _connect(str(self._path))
        except (OSError, sqlite3.Error) as error:
            self._degrade(error)

    def _degrade(self, error: Exception) -> None:
        """Go on in memory: what was remembered is out of reach, what comes is kept till exit."""
        reason = clean_line(getattr(error, "strerror", None) or str(error), 80)
        self.notice = f"nothing is remembered, the store can't be used: {reason} ({self._path})"
        self._close()
        with suppress(sqlite3.Error):
            self._db = _connect(":memory:")

    def _close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None


def _connect(where: str) -> sqlite3.Connection:
    db = sqlite3.connect(where, check_same_thread=False, timeout=5.0)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"written by a newer opsdash (schema {version})")
        if version == 1:
            db.execute("ALTER TABLE host ADD COLUMN first_judged REAL NOT NULL DEFAULT 0")
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _as_text(reading: Reading) -> str:
    samples = [[name, label, value] for (name, label), value in reading.samples.items()]
    return json.dumps({"samples": samples, "rows": [dict(row) for row in reading.rows]})


def _reading(host: str, collector: str, at: float, text: str) -> Reading | None:
    try:
        loaded = json.loads(text)
        samples = {
            (str(name), str(label)): float(value) for name, label, value in loaded["samples"]
        }
        rows = tuple(dict(row) for row in loaded["rows"])
        return Reading(host, collector, at, samples, rows, source="store")
    except (ValueError, TypeError, KeyError):
        return None
