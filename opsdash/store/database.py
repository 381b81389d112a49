"""A sqlite file with one writer thread, which goes on in memory when the file can't be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from opsdash.core.text import clean_line
from opsdash.store.schema import create

T = TypeVar("T")
Parameters = Sequence[object]


class Database:
    """One writer thread over one connection; every call returns when its work is done.

    A file that can't be opened or written costs its memory, never the monitoring; one that is
    damaged is set aside, and a new one begun. `notice` says either, one sentence; empty: all well.
    Where `fence` says no, nothing is written but what is `unfenced`: another program polls by now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opsdash-store")
        self._db: sqlite3.Connection | None = None
        self._closed = False
        self.fence: Callable[[], bool] = lambda: True
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

    async def query(self, statement: str, parameters: Parameters = ()) -> list[tuple[object, ...]]:
        """All rows that a statement finds; none where the file can't be read."""

        def read(db: sqlite3.Connection) -> list[tuple[object, ...]]:
            return db.execute(statement, parameters).fetchall()

        return await self.read(read, [])

    async def read(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """What some work in the writer's thread finds; `otherwise` where the file can't be read."""

        def run() -> T:
            try:
                return work(self._connected())
            except sqlite3.Error as error:
                self._fail(error)
                return otherwise

        # whoever still looks while all ends finds nothing
        return otherwise if self._closed else await self._run(run)

    async def write(
        self, work: Callable[[sqlite3.Connection], None], *, unfenced: bool = False
    ) -> None:
        """Some work in the writer's thread as one transaction; in memory where the file fails."""

        def run() -> None:
            if not unfenced and not self.fence():
                return
            try:
                self._commit(work)
            except sqlite3.Error as error:
                self._fail(error)
                with suppress(sqlite3.Error):
                    self._commit(work)

        await self._run(run)

    def _commit(self, work: Callable[[sqlite3.Connection], None]) -> None:
        db = self._connected()
        with db:
            work(db)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            raise sqlite3.OperationalError("the store is not open")
        return self._db

    def _open(self) -> None:
        try:
            self._connect()
        except (OSError, sqlite3.Error) as error:
            self._fail(error)

    def _connect(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = _connect(str(self._path))

    def _fail(self, error: Exception) -> None:
        """Begin anew beside a damaged file; else go on in memory."""
        if _is_damaged(error):
            try:
                self._close()
                aside = _set_aside(self._path)
                self._connect()
            except (OSError, sqlite3.Error) as second:
                error = second
            else:
                reason = clean_line(str(error), 80)
                self.notice = f"history begins anew, the old file is damaged ({reason}): {aside}"
                return
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


def _is_damaged(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _set_aside(path: Path) -> Path:
    """Rename a damaged file and what belongs to it, to the first free name; gives that name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _connect(where: str) -> sqlite3.Connection:
    db = sqlite3.connect(where, check_same_thread=False, timeout=5.0)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        create(db)
    except sqlite3.Error:
        db.close()
        raise
    return db
