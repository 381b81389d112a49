"""The past of the fleet's metrics as the store has it: from rows of late, from chunks before."""

from __future__ import annotations

import sqlite3
from array import array
from math import nan

from opsdash.core.history import COARSE, HOUR_S, Point, Seen, Series, Step, by_key, unpacked
from opsdash.core.reading import SampleKey
from opsdash.store.database import Database
from opsdash.store.history import CHUNKED
from opsdash.store.history_codec import FLOAT_BYTES, floats, inflated
from opsdash.store.history_numbers import Numbers

_AN_HOUR = HOUR_S // COARSE.seconds
"""Steps of five minutes."""

_OF_HOST = "(SELECT id FROM history_host WHERE name = ?)"


class Past:
    """Reads the past; another program may be writing it."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._numbers = Numbers()

    async def hosts(self) -> list[str]:
        """The hosts of which there is a past, by name."""
        rows = await self._store.query("SELECT name FROM history_host ORDER BY name")
        return [str(name) for (name,) in rows]

    async def keys(self, host: str) -> list[SampleKey]:
        """The metrics of a host of which there is a past, with their labels."""

        def read(db: sqlite3.Connection) -> list[SampleKey]:
            self._numbers.meet(db)
            old = f"SELECT metric, label FROM history_series WHERE host = {_OF_HOST}"  # noqa: S608
            fine = f"SELECT DISTINCT layout FROM history_fine WHERE host = {_OF_HOST}"  # noqa: S608
            found = {(str(metric), str(label)) for metric, label in db.execute(old, (host,))}
            for (layout,) in db.execute(fine, (host,)).fetchall():
                found.update(self._numbers.keys(db, layout))
            return sorted(found)

        return await self._store.read(read, [])

    async def begin(self, host: str) -> float | None:
        """Since when anything of a host is remembered (seconds since 1970); None: nothing is."""
        rows = await self._store.query(
            f"SELECT min(at) FROM history_fine WHERE host = {_OF_HOST} UNION ALL "  # noqa: S608
            "SELECT min((SELECT min(start) FROM history_chunk WHERE series = s.id AND step_s = ?)) "
            f"FROM history_series s WHERE host = {_OF_HOST}",
            (host, COARSE.seconds, host),
        )
        return min((float(str(at)) for (at,) in rows if at is not None), default=None)

    async def points(
        self, host: str, key: SampleKey, since: float, until: float, step: Step
    ) -> list[Point]:
        """What a metric of a host was between two times (seconds since 1970), oldest first."""

        def read(db: sqlite3.Connection) -> list[Point]:
            self._numbers.meet(db)
            known = db.execute("SELECT id FROM history_host WHERE name = ?", (host,)).fetchone()
            if known is None:
                return []
            span = since, until
            points = _from_chunks(db, known[0], key, span, step) if step in CHUNKED else []
            # an hour is in chunks as a whole or not at all
            rows_from = points[-1].at // HOUR_S * HOUR_S + HOUR_S if points else since
            rows = self._fine(db, host, known[0], int(rows_from) // step.seconds * step.seconds)
            points += by_key(rows).get(key, Series()).points(step.seconds)
            return [point for point in points if since - step.seconds < point.at < until]

        return await self._store.read(read, [])

    async def fleet(self, key: SampleKey, since: float, until: float) -> dict[str, array[float]]:
        """The means of one metric of every host, by five minutes from the full hour before `since`
        on; NaN where nothing was seen.
        """
        start = int(since) // HOUR_S * HOUR_S
        wide = max(0, int(until) - start + COARSE.seconds - 1) // COARSE.seconds

        def read(db: sqlite3.Connection) -> dict[str, array[float]]:
            self._numbers.meet(db)
            names = dict(db.execute("SELECT id, name FROM history_host"))
            found = {host: array("f", [nan]) * (wide + _AN_HOUR) for host in names}
            rows = db.execute(
                "SELECT s.host, c.start, c.data FROM history_series s CROSS JOIN history_chunk c "
                "ON c.series = s.id AND c.step_s = ? AND c.start >= ? AND c.start < ? "
                "WHERE s.metric = ? AND s.label = ?",
                (COARSE.seconds, start, start + wide * COARSE.seconds, *key),
            )
            self._add_coarse(db, key, start, found)
            for host, at, data in rows:
                place = (at - start) // COARSE.seconds
                means = inflated(data)[:_AN_HOUR]
                if len(means) == _AN_HOUR:
                    found[host][place : place + _AN_HOUR] = means
            return {names[host]: values[:wide] for host, values in found.items()}

        return await self._store.read(read, {})

    def _fine(self, db: sqlite3.Connection, name: str, host: int, since: int) -> list[Seen]:
        """The rows of a host from a time on, oldest first, each moment once."""
        rows = db.execute(
            "SELECT at, host, layout, data FROM history_fine WHERE host = ? AND at >= ? "
            "ORDER BY at",
            (host, since),
        )
        found = [one for row in rows if (one := self._numbers.seen(db, name, row)) is not None]
        return list({one.at: one for one in found}.values())

    def _add_coarse(
        self, db: sqlite3.Connection, key: SampleKey, start: int, found: dict[int, array[float]]
    ) -> None:
        """The hours that are in no chunk yet."""
        offsets: dict[int, int | None] = {}
        for at, host, layout, data in db.execute(
            "SELECT at, host, layout, data FROM history_coarse WHERE at >= ?", (start,)
        ):
            if layout not in offsets:
                keys = self._numbers.keys(db, layout)
                offsets[layout] = keys.index(key) * FLOAT_BYTES if key in keys else None
            offset, values = offsets[layout], found.get(host)
            place = (at - start) // COARSE.seconds
            if offset is not None and values is not None and place < len(values):
                mean = floats(data[offset : offset + FLOAT_BYTES])
                values[place : place + len(mean)] = mean


def _from_chunks(
    db: sqlite3.Connection, host: int, key: SampleKey, span: tuple[float, float], step: Step
) -> list[Point]:
    """The hours in chunks; none after `span`, where a wrong clock may once have put some."""
    rows = db.execute(
        "SELECT c.start, c.data FROM history_series s JOIN history_chunk c ON c.series = s.id "
        "WHERE s.host = ? AND s.metric = ? AND s.label = ? AND c.step_s = ? AND c.start >= ? "
        "AND c.start < ? ORDER BY c.start",
        (host, *key, step.seconds, int(span[0]) // HOUR_S * HOUR_S, span[1]),
    )
    return [
        point for start, data in rows for point in unpacked(inflated(data), start, step.seconds)
    ]
