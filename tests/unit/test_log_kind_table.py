"""The kinds of messages that the store remembers: joined, bounded, and made room for."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsdash.core.log_kinds import Kinds, Seen
from opsdash.store import log_kinds
from opsdash.store.log_kinds import LogKindTable, Remembered
from opsdash.store.store import Store
from tests.unit.test_log_filter import Line


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = Store(tmp_path / "history.db")
    await made.open()
    yield made
    await made.close()


async def test_kinds_of_several_programs_are_joined(store: Store) -> None:
    table = LogKindTable(store)
    assert await table.all() == Remembered()
    await table.add(
        [Seen(("cron", "ran <n>"), 50.0, 60.0, 3), Seen(("a", "b"), None, None, 1)], 99.0
    )
    await table.add(
        [Seen(("cron", "ran <n>"), 40.0, 55.0, 2), Seen(("a", "b"), 7.0, 8.0, 1)], 200.0
    )
    found = await table.all()
    assert found.keys == {("cron", "ran <n>"), ("a", "b")}
    assert found.since_s == 99.0
    rows = await store.query("SELECT program, first_at, last_at, count FROM log_kind ORDER BY 1")
    assert rows == [("a", 7.0, 8.0, 2), ("cron", 40.0, 60.0, 5)]


async def test_those_that_have_not_come_for_long_are_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_kinds, "MOST", 2)
    table = LogKindTable(store)
    await table.add([Seen(("p", f"m{last}"), None, float(last), 1) for last in (3, 1, 2)], 99.0)
    assert {pattern for _, pattern in (await table.all()).keys} == {"m2", "m3"}


async def test_what_was_said_before_a_restart_is_not_new(store: Store) -> None:
    table = LogKindTable(store)
    first = Kinds()
    first.add(Line(text="seen 1"))
    await table.add(first.to_keep(), 100.0)
    found = await table.all()
    kinds = Kinds(found.keys, found.since_s)
    assert not kinds.add(Line(at_s=500.0, text="seen 2")).new
    assert kinds.add(Line(at_s=500.0, text="never")).new
    assert not kinds.add(Line(at_s=50.0, text="before anything was remembered")).new


async def test_a_file_of_an_earlier_version_has_room_for_kinds(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    first = Store(path)
    await first.open()
    await first.close()
    with sqlite3.connect(path) as db:
        db.executescript("DROP TABLE log_kind; PRAGMA user_version = 9;")
    store = Store(path)
    await store.open()
    await LogKindTable(store).add([Seen(("p", "m"), 1.0, 1.0, 1)], 2.0)
    assert (await LogKindTable(store).all()).keys == {("p", "m")}
    await store.close()
