"""The audit log: written by whoever changes a host, read by whoever wants to know who did what."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from opsdash.core.audit import AuditEntry, Done, done, from_line
from opsdash.core.errors import AuditError
from opsdash.store.audit_check import Verdict, verify
from opsdash.store.audit_file import MOST_BYTES, AuditFiles, Head, lines_backwards
from opsdash.store.database import Database

LOG = logging.getLogger(__name__)
Stamp = tuple[int, ...]

MOST_AT_ONCE = 200
"""Entries that are put on disk by one write: whoever waits longer waits for that."""

KEPT_HEADS = 20_000
CLOCK_SLACK_S = 3600.0
"""Entries are in the order of writing; a clock may have been set back by so much between two."""

_PUT = "INSERT OR IGNORE INTO audit_head VALUES (?, ?, ?)"
_FORGET = (
    "DELETE FROM audit_head WHERE count < "
    "(SELECT count FROM audit_head ORDER BY count DESC LIMIT 1 OFFSET ?)"
)


def _nobody(_: str) -> None:
    """Nobody is told."""


class AuditTrail:
    """The log in a folder. Its ends are kept in the store, and told to `tell` (syslog).

    Many may write at once: those that wait are written together, and each returns when its own
    entry is on disk.
    """

    def __init__(
        self,
        folder: Path,
        store: Database,
        *,
        tell: Callable[[str], None] = _nobody,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._files = AuditFiles(folder, most_bytes)
        self._store = store
        self._tell = tell
        self._waiting: list[tuple[AuditEntry, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._compared = False
        self._read: tuple[Stamp, float, list[Done]] = ((), 0.0, [])

    async def write(self, entry: AuditEntry) -> None:
        """Return when the entry is on disk for good; AuditError: it is not, so change nothing."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="audit")
        await written

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._waiting[:MOST_AT_ONCE]
            del self._waiting[:MOST_AT_ONCE]
            error = await self._write_some([entry for entry, _ in batch])
            for _, written in batch:
                if written.done():  # whoever wrote it was called off meanwhile
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(AuditError(str(error), error.hint))

    async def _write_some(self, entries: list[AuditEntry]) -> AuditError | None:
        known = None if self._compared else await self._last_head()
        try:
            head = await asyncio.to_thread(self._append, entries, known)
        except AuditError as error:
            return error
        self._compared = True

        def remember(db: sqlite3.Connection) -> None:
            db.execute(_PUT, (head.count, head.hash, entries[-1].at))
            if head.count % 1000 < MOST_AT_ONCE:
                db.execute(_FORGET, (KEPT_HEADS,))

        await self._store.write(remember, unfenced=True)
        return None

    def _append(self, entries: list[AuditEntry], known: Head | None) -> Head:
        head = self._files.append(entries, known)
        self._tell(f"audit: entry {head.count} hash {head.hash} by {entries[-1].who}")
        return head

    async def _last_head(self) -> Head | None:
        rows = await self._store.query(
            "SELECT count, hash FROM audit_head ORDER BY count DESC LIMIT 1"
        )
        return Head(int(str(rows[0][0])), str(rows[0][1])) if rows else None

    async def verify(self, also: Head | None = None) -> Verdict:
        """Whether the log is whole; `also` is an end of it that was remembered elsewhere.

        OSError or AuditError: it can't be read.
        """
        rows = await self._store.query("SELECT count, hash FROM audit_head")
        heads = {int(str(number)): str(digest) for number, digest in rows}
        if also is not None:
            heads[also.count] = also.hash
        return await asyncio.to_thread(verify, self._files, heads)

    async def last_done(self, host: str, since: float) -> list[Done]:
        """What was done on a host since then (seconds since 1970), the latest first; nothing where
        the log can't be read.
        """
        try:
            return done(await self.entries(since, host=host))
        except OSError as error:
            LOG.warning("the audit log can't be read: %s", error)
            return []

    async def done_since(self, since: float) -> list[Done]:
        """The same of all hosts; cheap as long as nothing was written."""
        try:
            stamp = await asyncio.to_thread(_stamp, self._files.path)
            if stamp != self._read[0] or since < self._read[1]:
                self._read = stamp, since, done(await self.entries(since))
        except OSError as error:
            LOG.warning("the audit log can't be read: %s", error)
            return []
        return [one for one in self._read[2] if one.at >= since]

    async def entries(self, since: float = 0.0, **wanted: str) -> list[AuditEntry]:
        """The entries since then, in their order, whose fields of these names are equal to these;
        lines that are none are left out: that is verify()'s to tell. OSError: it can't be read.
        """
        found = await asyncio.to_thread(lambda: list(read_backwards(self._files, since, wanted)))
        return found[::-1]


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size


def read_backwards(files: AuditFiles, since: float, wanted: dict[str, str]) -> Iterator[AuditEntry]:
    """Entries from the last one back to a moment, those with these values alone."""
    needles = [f"{json.dumps(name)}:{json.dumps(value)}".encode() for name, value in wanted.items()]
    for path in reversed([*files.full_files(), files.path]):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            for line in lines_backwards(file.fileno(), os.fstat(file.fileno()).st_size):
                if not all(needle in line for needle in needles):
                    continue
                try:
                    entry = from_line(line)
                except ValueError:
                    continue
                if entry.at < since - CLOCK_SLACK_S:
                    return
                if entry.at >= since and all(
                    getattr(entry, name) == value for name, value in wanted.items()
                ):
                    yield entry
