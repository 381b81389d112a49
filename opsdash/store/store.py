"""The store: what is remembered of findings and counters between runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from opsdash.core.finding import Episode, Finding, FindingKey
from opsdash.core.health import Health
from opsdash.core.reading import Reading
from opsdash.store.database import Database

MOST_EPISODES = 500
"""Of a host so many are told: months of them, or a day of one that flaps."""


class Store(Database):
    """Findings and when they began, hosts that were judged, and the last counters."""

    async def open_findings(self) -> dict[FindingKey, float]:
        """When the findings that are not closed were first seen (seconds since 1970)."""
        rows = await self.query(
            "SELECT host, check_id, subject, first_seen FROM finding WHERE closed_at IS NULL"
        )
        return {(str(row[0]), str(row[1]), str(row[2])): float(str(row[3])) for row in rows}

    async def known_hosts(self) -> dict[str, float]:
        """Hosts that an earlier run has judged, and when the first one did."""
        rows = await self.query("SELECT name, first_judged FROM host")
        return {str(row[0]): float(str(row[1])) for row in rows}

    async def episodes(self, host: str) -> list[Episode]:
        """What was wrong with a host, the latest that began first; a row that makes no sense
        (another version wrote it) is left out.
        """
        rows = await self.query(
            "SELECT check_id, subject, first_seen, closed_at, health, summary FROM finding "
            "WHERE host = ? ORDER BY first_seen DESC LIMIT ?",
            (host, MOST_EPISODES),
        )
        return [found for row in rows if (found := _episode(host, row)) is not None]

    async def open_episodes(self) -> list[Episode]:
        """What is wrong with any host by now, as far as is known: the latest that began first."""
        rows = await self.query(
            "SELECT host, check_id, subject, first_seen, closed_at, health, summary FROM finding "
            "WHERE closed_at IS NULL ORDER BY first_seen DESC"
        )
        found = [_episode(str(host), rest) for host, *rest in rows]
        return [one for one in found if one is not None]

    async def counters(self) -> list[Reading]:
        """The last counters of every host, as readings of the run that wrote them.

        One that can't be understood (a crash, another version) is left out.
        """
        rows = await self.query("SELECT host, collector, at, reading FROM counter")
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

        await self.write(write)

    async def save_counters(self, readings: Iterable[Reading]) -> None:
        """Remember the last counters of hosts."""
        rows = [(r.host, r.collector, r.at, _as_text(r)) for r in readings]

        def write(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?)", rows)

        await self.write(write)


def _episode(host: str, row: Sequence[object]) -> Episode | None:
    check, subject, since, until, health, summary = row
    try:
        ended = None if until is None else float(str(until))
        how = Health(int(str(health)))
        return Episode(host, str(check), str(subject), float(str(since)), ended, how, str(summary))
    except ValueError:
        return None


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
