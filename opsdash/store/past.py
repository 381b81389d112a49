"""The past of the fleet's metrics as the store has it: from rows of late, from chunks before."""

from __future__ import annotations

import sqlite3

from opsdash.core.history import COARSE, HOUR_S, Point, Seen, Series, Step, by_key, unpacked
from opsdash.core.reading import SampleKey
from opsdash.store.database import Database
from opsdash.store.history import CHUNKED
from opsdash.store.history_codec import FLOAT_BYTES, floats, inflated
from opsdash.store.history_numbers import Numbers

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

    async def points(
        self, host: str, key: SampleKey, since: float, until: float, step: Step
    ) -> list[Point]:
        """What a metric of a host was between two times (seconds since 1970), oldest first."""

        def read(db: sqlite3.Connection) -> list[Point]:
            self._numbers.meet(db)
            known = db.execute("SELECT id FROM history_host WHERE name = ?", (host,)).fetchone()
            if known is None:
                return []
            points = _from_chunks(db, known[0], key, since, step) if step in CHUNKED else []
            # an hour is in chunks as a whole or not at all
            rows_from = points[-1].at // HOUR_S * HOUR_S + HOUR_S if points else since
            rows = self._fine(db, host, known[0], int(rows_from) // step.seconds * step.seconds)
            points += by_key(rows).get(key, Series()).points(step.seconds)
            return [point for point in points if since - step.seconds < point.at < until]

        return await self._store.read(read, [])

    async def fleet(self, key: SampleKey, since: float) -> dict[str, list[Point]]:
        """One metric of every host since a time, in steps of five minutes, oldest first."""

        def read(db: sqlite3.Connection) -> dict[str, list[Point]]:
            self._numbers.meet(db)
            names = dict(db.execute("SELECT id, name FROM history_host"))
            found: dict[str, list[Point]] = {name: [] for name in names.values()}
            for host, start, data in db.execute(
                "SELECT s.host, c.start, c.data FROM history_series s JOIN history_chunk c "
                "ON c.series = s.id AND c.step_s = ? AND c.start >= ? "
                "WHERE s.metric = ? AND s.label = ? ORDER BY s.host, c.start",
                (COARSE.seconds, int(since) // HOUR_S * HOUR_S, *key),
            ):
                found[names[host]] += unpacked(inflated(data), start, COARSE.seconds)
            self._add_coarse(db, key, int(since), {k: found[name] for k, name in names.items()})
            return {name: [p for p in points if p.at >= since] for name, points in found.items()}

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
        self, db: sqlite3.Connection, key: SampleKey, since: int, found: dict[int, list[Point]]
    ) -> None:
        """The hours that are in no chunk yet."""
        places: dict[int, int | None] = {}
        for at, host, layout, data in db.execute(
            "SELECT at, host, layout, data FROM history_coarse WHERE at >= ? ORDER BY at", (since,)
        ):
            if layout not in places:
                keys = self._numbers.keys(db, layout)
                places[layout] = keys.index(key) * 3 * FLOAT_BYTES if key in keys else None
            place, points = places[layout], found.get(host)
            if place is None or points is None or (points and at <= points[-1].at):
                continue
            values = floats(data[place : place + 3 * FLOAT_BYTES])
            if len(values) == 3:
                points.append(Point(at, *values))


def _from_chunks(
    db: sqlite3.Connection, host: int, key: SampleKey, since: float, step: Step
) -> list[Point]:
    rows = db.execute(
        "SELECT c.start, c.data FROM history_series s JOIN history_chunk c ON c.series = s.id "
        "WHERE s.host = ? AND s.metric = ? AND s.label = ? AND c.step_s = ? AND c.start >= ? "
        "ORDER BY c.start",
        (host, *key, step.seconds, int(since) // HOUR_S * HOUR_S),
    )
    return [
        point for start, data in rows for point in unpacked(inflated(data), start, step.seconds)
    ]
