"""The numbers that stand for hosts and for lists of metrics in the rows of the past."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from itertools import groupby

from opsdash.core.history import Seen, Series, gather
from opsdash.core.reading import SampleKey
from opsdash.store.history_codec import FLOAT_BYTES, floats

Keys = tuple[SampleKey, ...]
Row = tuple[int, int, int, bytes]


class Numbers:
    """What has been looked up or given so far; of another file it is looked up anew."""

    def __init__(self) -> None:
        self._db: sqlite3.Connection | None = None
        self._hosts: dict[str, int] = {}
        self._layouts: dict[Keys, int] = {}
        self._last_keys: Keys | None = None
        self._last_layout = 0
        self._keys: dict[int, Keys] = {}
        self._series: dict[tuple[int, SampleKey], int] = {}

    def meet(self, db: sqlite3.Connection) -> None:
        """Forget the numbers of another file: they mean nothing in this one."""
        if db is not self._db:
            self._db = db
            self._hosts, self._layouts, self._keys, self._series = {}, {}, {}, {}
            self._last_keys = None

    def forget(self) -> None:
        """What was given in a transaction that failed was never given."""
        self._db = None

    def row(self, db: sqlite3.Connection, seen: Seen) -> Row:
        """What was seen as a row: time, host, layout, values."""
        host, layout = self._host(db, seen.host), self._layout(db, seen.keys)
        return seen.at, host, layout, seen.values.tobytes()

    def seen(self, db: sqlite3.Connection, name: str, row: Row) -> Seen | None:
        """What a row says; None of a damaged one."""
        at, _, layout, data = row
        keys, values = self.keys(db, layout), floats(data)
        return Seen(name, at, keys, values) if len(values) == len(keys) else None

    def series_in(self, db: sqlite3.Connection, rows: Iterable[Row]) -> dict[SampleKey, Series]:
        """The rows of one host, oldest first, as a series for each metric; damaged ones left out.

        Rows of one layout are put together before they are read: an hour has hundreds of them.
        """
        found: dict[SampleKey, Series] = {}
        for layout, run in groupby(rows, lambda row: row[2]):
            keys = self.keys(db, layout)
            whole = [row for row in run if len(row[3]) == FLOAT_BYTES * len(keys)]
            together = floats(b"".join([row[3] for row in whole]))
            gather([row[0] for row in whole], keys, together, found)
        return found

    def keys(self, db: sqlite3.Connection, layout: int) -> Keys:
        """The metrics, with labels, that rows of a layout hold, in their order."""
        keys = self._keys.get(layout)
        if keys is None:
            found = db.execute("SELECT keys FROM history_layout WHERE id = ?", (layout,)).fetchone()
            keys = self._keys[layout] = _keys_in(found[0]) if found else ()
        return keys

    def series(self, db: sqlite3.Connection, host: int, key: SampleKey) -> int:
        """The number of a metric of a host."""
        number = self._series.get((host, key))
        if number is None:
            given = (*key, host)
            db.execute(
                "INSERT OR IGNORE INTO history_series (metric, label, host) VALUES (?, ?, ?)", given
            )
            found = db.execute(
                "SELECT id FROM history_series WHERE metric = ? AND label = ? AND host = ?", given
            ).fetchone()
            number = self._series[host, key] = int(found[0])
        return number

    def _host(self, db: sqlite3.Connection, name: str) -> int:
        number = self._hosts.get(name)
        if number is None:
            db.execute("INSERT OR IGNORE INTO history_host (name) VALUES (?)", (name,))
            found = db.execute("SELECT id FROM history_host WHERE name = ?", (name,)).fetchone()
            number = self._hosts[name] = int(found[0])
        return number

    def _layout(self, db: sqlite3.Connection, keys: Keys) -> int:
        if keys is self._last_keys:
            return self._last_layout  # most hosts share one, and to look up a long key takes long
        number = self._layouts.get(keys)
        if number is None:
            text = json.dumps(keys)
            db.execute("INSERT OR IGNORE INTO history_layout (keys) VALUES (?)", (text,))
            found = db.execute("SELECT id FROM history_layout WHERE keys = ?", (text,)).fetchone()
            number = self._layouts[keys] = int(found[0])
        self._last_keys, self._last_layout = keys, number
        return number


def _keys_in(text: str) -> Keys:
    """The metrics of a layout as it is stored; none of a damaged one."""
    try:
        return tuple((str(metric), str(label)) for metric, label in json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return ()
