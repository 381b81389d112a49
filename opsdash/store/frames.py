"""Frames in the store: compressed, bounded in size, and gone when they are old."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from opsdash.core.finding import Finding
from opsdash.core.frame import KEPT_S, Frame
from opsdash.core.health import Health
from opsdash.core.reading import Cell, Reading
from opsdash.store.database import Database

MOST_BYTES = 48 * 1024
"""Of one frame, compressed: the largest tables go until it fits."""

MOST_TEXT_BYTES = 4 * 1024 * 1024
"""Of one frame when it is read: a damaged file must not fill the memory."""

MOST_ALL_BYTES = 256 * 1024 * 1024
"""Of all frames: the oldest go first."""

CELLS = (str, int, float, bool, type(None))

_PUT = "INSERT OR REPLACE INTO frame (host, at, size, data) VALUES (?, ?, ?, ?)"
_LATEST = "SELECT at FROM frame WHERE host = ? AND at <= ? AND at >= ? ORDER BY at DESC LIMIT 1"
_DATA = "SELECT data FROM frame WHERE host = ? AND at = ?"


class Frames:
    """Remembers frames; of a host the latest before a moment is asked for."""

    def __init__(self, store: Database) -> None:
        self._store = store

    async def add(self, frames: Sequence[Frame]) -> None:
        """Remember these; what is past its time, or too much, goes."""
        if not frames:
            return
        newest = max(frame.at for frame in frames)

        def write(db: sqlite3.Connection) -> None:
            rows = [(frame.host, frame.at, packed_frame(frame)) for frame in frames]
            db.executemany(_PUT, [(host, at, len(data), data) for host, at, data in rows])
            db.execute("DELETE FROM frame WHERE at < ?", (newest - KEPT_S,))
            _shrink(db)

        await self._store.write(write)

    async def latest(self, hosts: Iterable[str], moment: float) -> dict[str, Frame]:
        """The latest frame of each of these hosts that is not after a moment."""
        wanted = tuple(hosts)

        def read(db: sqlite3.Connection) -> dict[str, Frame]:
            return LatestFrames().before(db, wanted, moment)

        return await self._store.read(read, {})

    async def times(self, hosts: Iterable[str] = ()) -> dict[str, float]:
        """When the newest frame of each host was taken."""
        rows = await self._store.query("SELECT host, max(at) FROM frame GROUP BY host")
        return {str(host): float(str(at)) for host, at in rows}


class LatestFrames:
    """The latest frames before a moment; what is unpacked once is remembered while it is asked
    for: from one moment to the next few hosts have another frame.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Frame | None]] = {}

    def before(
        self, db: sqlite3.Connection, hosts: Iterable[str], moment: float
    ) -> dict[str, Frame]:
        """The latest frame of each host that is not after a moment; a damaged one is none."""
        found: dict[str, tuple[float, Frame | None]] = {}
        for host in hosts:
            row = db.execute(_LATEST, (host, moment, moment - KEPT_S)).fetchone()
            if row is None:
                continue
            known = self._known.get(host)
            if known is None or known[0] != row[0]:
                data = db.execute(_DATA, (host, row[0])).fetchone()
                known = row[0], unpacked_frame(host, data[0])
            found[host] = known
        self._known = found
        return {host: frame for host, (_, frame) in found.items() if frame is not None}


def _shrink(db: sqlite3.Connection) -> None:
    total = db.execute("SELECT sum(size) FROM frame").fetchone()[0] or 0
    while total > MOST_ALL_BYTES:
        gone = db.execute("SELECT host, at, size FROM frame ORDER BY at LIMIT 100").fetchall()
        db.executemany("DELETE FROM frame WHERE host = ? AND at = ?", [row[:2] for row in gone])
        total -= sum(row[2] for row in gone)


def packed_frame(frame: Frame) -> bytes:
    """A frame as it is stored; the largest tables are left out while it is too large.

    A line that says what is in it, then each reading compressed by itself: whoever looks at all
    hosts wants a few readings of each.
    """
    parts = {name: _deflated(_reading_data(one)) for name, one in frame.readings.items()}
    total = sum(map(len, parts.values()))
    for name in sorted(parts, key=lambda one: -len(parts[one])):
        if total <= MOST_BYTES:
            break
        total -= len(parts.pop(name))
    about = {
        "at": frame.at,
        "container": frame.container,
        "findings": [_finding_data(one) for one in frame.findings],
        "parts": [
            [name, frame.readings[name].at, len(frame.readings[name].rows), len(data)]
            for name, data in parts.items()
        ],
    }
    return b"\n".join((json.dumps(about).encode(), b"".join(parts.values())))


def _deflated(data: object) -> bytes:
    return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 6)


class StoredReadings(Mapping[str, Reading]):
    """The readings of a frame; each is unpacked when it is asked for. One that turns out to be
    damaged is empty.
    """

    def __init__(self, host: str, parts: Iterable[Sequence[Any]], data: bytes) -> None:
        self._host = host
        self._parts: dict[str, tuple[float, int, bytes]] = {}
        place = 0
        for name, at, rows, length in parts:
            self._parts[str(name)] = float(at), int(rows), data[place : place + length]
            place += length
        self._read: dict[str, Reading] = {}

    def __getitem__(self, name: str) -> Reading:
        """A reading; KeyError."""
        known = self._read.get(name)
        if known is None:
            at, _, data = self._parts[name]
            known = self._read[name] = _reading(self._host, name, at, data)
        return known

    def __iter__(self) -> Iterator[str]:
        """The names of the collectors."""
        return iter(self._parts)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._parts)

    def brief(self, name: str) -> tuple[float, int]:
        """When a reading was taken, and how many rows it has; KeyError."""
        return self._parts[name][:2]


def _reading_data(one: Reading) -> dict[str, object]:
    """Rows as columns: the names of cells are written once."""
    names = list({name: None for row in one.rows for name in row})
    return {
        "source": one.source,
        "samples": [[name, label, float(f"{v:.7g}")] for (name, label), v in one.samples.items()],
        "names": names,
        "rows": [[row.get(name) for name in names] for row in one.rows],
    }


def _finding_data(one: Finding) -> list[object]:
    return [one.check, one.subject, int(one.health), one.summary, one.evidence, one.since]


def unpacked_frame(host: str, data: bytes) -> Frame | None:
    """What packed_frame() made; None of anything else."""
    head, _, rest = data.partition(b"\n")
    try:
        loaded = json.loads(head)
        readings = StoredReadings(host, loaded["parts"], rest)
        findings = tuple(_finding(host, one) for one in loaded["findings"])
        container = loaded["container"]
        kind = None if container is None else str(container)
        return Frame(host, float(loaded["at"]), readings, findings, kind)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _reading(host: str, name: str, at: float, packed: bytes) -> Reading:
    try:
        data = json.loads(zlib.decompressobj().decompress(packed, MOST_TEXT_BYTES))
        names = [str(one) for one in data["names"]]
        rows = tuple(dict(zip(names, map(_cell, row), strict=True)) for row in data["rows"])
        samples = {(str(metric), str(label)): float(v) for metric, label, v in data["samples"]}
        return Reading(host, name, at, samples, rows, source=str(data["source"]))
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Reading(host, name, at, source="damaged")


def _cell(value: object) -> Cell:
    if not isinstance(value, CELLS):
        raise TypeError("a table in a table")
    return value


def _finding(host: str, data: Sequence[Any]) -> Finding:
    check, subject, health, summary, evidence, since = data
    return Finding(
        str(check),
        host,
        Health(int(health)),
        str(summary),
        subject=str(subject),
        evidence=str(evidence),
        since=float(since),
    )
