"""The store remembers between runs; one that can't costs its memory and never the monitoring."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.finding import Finding
from opsdash.core.frame import Frame
from opsdash.core.health import Health
from opsdash.core.reading import Reading
from opsdash.core.telling import Message, NewsKind, news_of
from opsdash.core.told import Standing
from opsdash.store.frames import Frames
from opsdash.store.hooks import HookChanges, HookTable
from opsdash.store.schema import SCHEMA_VERSION
from opsdash.store.store import Store

FULL = Finding("disk-full", "db1", Health.CRIT, "/var 97% full", subject="/var", since=100.0)
COUNTERS = Reading(
    "db1",
    "uptime",
    120.5,
    {("uptime.up_s", ""): 7.25, ("network.receive_bytes", "eth0"): 2.0**53},
    ({"boot_id": "abc", "count": 3, "half": 0.5, "none": None, "yes": True},),
)
Open = Callable[..., Awaitable[Store]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "opsdash" / "history.db"


@pytest.fixture
async def opened(path: Path) -> AsyncIterator[Open]:
    """Opens stores, on one file unless told otherwise, and closes them in the end."""
    stores: list[Store] = []

    async def open_one(where: Path = path) -> Store:
        store = Store(where)
        stores.append(store)
        await store.open()
        return store

    yield open_one
    for store in stores:
        await store.close()


async def still_works(store: Store) -> None:
    """It takes what comes and gives it back."""
    await store.save_findings(900.0, [FULL], [], ["db1"])
    await store.save_counters([COUNTERS])
    assert await store.open_findings() == {FULL.key: 100.0}
    assert set(await store.known_hosts()) == {"db1"}
    assert [reading.samples for reading in await store.counters()] == [COUNTERS.samples]


async def test_the_next_run_knows_what_the_last_one_saw(opened: Open) -> None:
    store = await opened()
    await store.save_findings(110.0, [FULL], [], ["db1", "web1"])
    await store.save_findings(200.0, [FULL], [], ["db1", "web2"])
    await store.close()
    again = await opened()
    assert again.notice == ""
    assert await again.open_findings() == {("db1", "disk-full", "/var"): 100.0}
    assert await again.known_hosts() == {"db1": 110.0, "web1": 110.0, "web2": 200.0}


async def test_counters_come_back_as_they_were(opened: Open) -> None:
    await (await opened()).save_counters([replace(COUNTERS, at=1.0, samples={}), COUNTERS])
    assert await (await opened()).counters() == [replace(COUNTERS, source="store")]


async def test_what_was_closed_is_not_open_and_may_open_again(opened: Open, path: Path) -> None:
    store = await opened()
    await store.save_findings(110.0, [FULL], [], ["db1"])
    await store.save_findings(150.0, [], [FULL.key], ["db1"])
    assert await store.open_findings() == {}
    await store.save_findings(300.0, [replace(FULL, since=290.0)], [], ["db1"])
    assert await store.open_findings() == {FULL.key: 290.0}
    await store.save_findings(400.0, [], [FULL.key], ["db1"])
    await store.close()
    db = sqlite3.connect(path)
    episodes = db.execute("SELECT first_seen, closed_at FROM finding ORDER BY 1").fetchall()
    db.close()
    assert episodes == [(100.0, 150.0), (290.0, 400.0)]


async def test_what_closes_and_opens_at_once_is_a_new_episode(opened: Open) -> None:
    store = await opened()
    await store.save_findings(110.0, [FULL], [], ["db1"])
    await store.save_findings(300.0, [replace(FULL, since=290.0)], [FULL.key], ["db1"])
    assert await store.open_findings() == {FULL.key: 290.0}


async def test_only_the_user_can_read_it(opened: Open, path: Path) -> None:
    before = os.umask(0)
    try:
        store = await opened()
        await store.save_findings(110.0, [FULL], [], ["db1"])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes["history.db"] == 0o600
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_two_runs_share_one_file(opened: Open) -> None:
    first, second = await opened(), await opened()
    await first.save_findings(110.0, [FULL], [], ["db1"])
    await second.save_findings(120.0, [replace(FULL, host="web1")], [], ["web1"])
    assert await first.open_findings() == await second.open_findings()
    assert set(await first.known_hosts()) == {"db1", "web1"}
    assert (first.notice, second.notice) == ("", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"not a database at all\n" * 300, "not a database"), (b"SQLite format 3\0junk" * 99, "")],
    ids=["garbage", "damaged"],
)
async def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    opened: Open, path: Path, content: bytes, said: str
) -> None:
    path.parent.mkdir(parents=True)
    for number in (1, 2):
        path.write_bytes(content)
        aside = path.with_name(f"history.db.damaged-{number}")
        store = await opened()
        assert store.notice.startswith("history begins anew, the old file is damaged")
        assert said in store.notice
        assert store.notice.endswith(str(aside))
        await still_works(store)
        await store.close()
        assert aside.read_bytes() == content
    assert await (await opened()).open_findings() == {FULL.key: 100.0}


async def test_a_file_that_was_cut_off_does_not_stop_anything(opened: Open, path: Path) -> None:
    store = await opened()
    await store.save_findings(1.0, [replace(FULL, host=f"db{n}") for n in range(500)], [], [])
    await store.close()
    os.truncate(path, path.stat().st_size // 2)
    again = await opened()
    await again.open_findings()
    await again.save_findings(900.0, [FULL], [], ["db1"])
    await again.save_counters([COUNTERS])
    assert "history begins anew, the old file is damaged" in again.notice
    assert await again.counters() == [replace(COUNTERS, source="store")]


async def test_a_place_that_can_not_be_written_is_named(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = await opened(tmp_path / "file" / "history.db")
    assert f"({tmp_path / 'file' / 'history.db'})" in store.notice
    assert "nothing is remembered" in store.notice
    await still_works(store)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_read_only_directory_is_named(opened: Open, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    store = await opened(tmp_path / "history.db")
    tmp_path.chmod(0o700)
    assert "Permission denied" in store.notice
    await still_works(store)


async def test_a_file_of_a_newer_version_is_left_alone(opened: Open, path: Path) -> None:
    await (await opened()).close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    store = await opened()
    assert f"written by a newer opsdash (schema {SCHEMA_VERSION + 1})" in store.notice
    await still_works(store)


async def test_a_file_of_the_first_version_is_taken_over(opened: Open, path: Path) -> None:
    await (await opened()).close()
    db = sqlite3.connect(path)
    db.executescript(
        "DROP TABLE host; PRAGMA user_version = 1;"
        "CREATE TABLE host (name TEXT PRIMARY KEY, last_judged REAL NOT NULL) STRICT;"
        "INSERT INTO host VALUES ('db1', 50.0);"
    )
    db.close()
    store = await opened()
    assert store.notice == ""
    await store.save_findings(900.0, [], [], ["db1", "web1"])
    assert await store.known_hosts() == {"db1": 0.0, "web1": 900.0}


async def test_a_file_without_hooks_is_taken_over(opened: Open, path: Path) -> None:
    """One of schema 7: what is in it stays, and there is room for what hooks tell."""
    store = await opened()
    await store.save_findings(110.0, [FULL], [], ["db1"])
    await store.close()
    db = sqlite3.connect(path)
    db.executescript(
        "DROP TABLE hook_told; DROP TABLE hook_message; DROP TABLE hook_standing;"
        "PRAGMA user_version = 7;"
    )
    db.close()
    store = await opened()
    assert store.notice == ""
    assert [*await store.open_findings()] == [FULL.key]
    table = HookTable(store)
    message = Message("mail", 1.0, (news_of(NewsKind.RAISED, FULL, 1.0),))
    await table.save(HookChanges("mail", Standing(known=True), messages=[message]))
    record = await table.record("mail")
    assert (record.standing.known, record.messages) == (True, [message])


async def test_a_full_disk_costs_the_memory_and_nothing_else(opened: Open, path: Path) -> None:
    store = await opened()
    assert store._db is not None
    store._db.execute("PRAGMA max_page_count = 1")
    many = [replace(FULL, subject=f"/srv/{n}", summary="x" * 72) for n in range(400)]
    await store.save_findings(110.0, many, [], ["db1"])
    assert f"the store can't be used: database or disk is full ({path})" in store.notice
    assert len(await store.open_findings()) == 400


async def test_a_file_that_another_program_holds_does_not_stop_anything(
    opened: Open, path: Path
) -> None:
    store = await opened()
    assert store._db is not None
    store._db.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    await still_works(store)
    other.close()
    assert "database is locked" in store.notice


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "{}", '{"samples": [["a"]], "rows": []}', '{"samples": [], "rows": [1]}'),
        '{"samples": [["a", "", null]], "rows": []}',
    ],
)
async def test_counters_that_nobody_understands_are_left_out(
    opened: Open, path: Path, text: str
) -> None:
    store = await opened()
    await store.save_counters([COUNTERS])
    db = sqlite3.connect(path)
    with db:
        db.execute("INSERT INTO counter VALUES ('web1', 'cpu', 1.0, ?)", (text,))
    db.close()
    assert [reading.host for reading in await store.counters()] == ["db1"]


async def test_a_write_that_fails_changes_nothing(opened: Open) -> None:
    first, second = await opened(), await opened()
    await first.save_findings(110.0, [FULL], [], ["db1"])
    assert first._db is not None
    first._db.execute("DROP TABLE host")
    await first.save_findings(120.0, [], [FULL.key], ["db1"])
    assert "no such table: host" in first.notice
    assert await second.open_findings() == {FULL.key: 100.0}


async def test_it_can_be_closed_twice(opened: Open) -> None:
    store = await opened()
    await store.save_findings(110.0, [FULL], [], ["db1"])
    await store.close()
    await store.close()
    assert store.notice == ""
    assert await (await opened()).open_findings() == {FULL.key: 100.0}


async def test_a_store_that_was_never_opened_can_be_closed(path: Path) -> None:
    await Store(path).close()
    assert not path.exists()


async def test_what_was_wrong_before_is_remembered_with_its_end(tmp_path: Path) -> None:
    store = Store(tmp_path / "history.db")
    await store.open()
    first = replace(FULL, since=100.0)
    await store.save_findings(110.0, [first], [], ["db1"])
    await store.save_findings(150.0, [], [first.key], ["db1"])
    await store.save_findings(210.0, [replace(FULL, since=200.0)], [], ["db1"])
    seen = await store.episodes(FULL.host)
    assert [(one.since, one.until) for one in seen] == [(200.0, None), (100.0, 150.0)]
    assert await store.episodes("nobody") == []
    await store.close()


@pytest.mark.parametrize("version", range(2, SCHEMA_VERSION))
async def test_a_file_of_an_earlier_version_has_room_for_frames(
    opened: Open, path: Path, version: int
) -> None:
    await (await opened()).close()
    with sqlite3.connect(path) as db:
        db.executescript(f"DROP TABLE frame; PRAGMA user_version = {version};")
    store = await opened()
    await Frames(store).add([Frame("db1", 100.0)])
    assert await Frames(store).times() == {"db1": 100.0}
    assert store.notice == ""
