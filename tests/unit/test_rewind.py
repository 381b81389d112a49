"""The fleet as it was, out of the store: nothing that was not known then, and nothing made up."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.discover import checks
from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Finding
from opsdash.core.fleet import Fleet
from opsdash.core.frame import MOST_PROCESSES, Frame, frame_of
from opsdash.core.health import Health
from opsdash.core.history import HOUR_S, Seen
from opsdash.core.host import Host
from opsdash.core.reading import Reading
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.snapshot import HostState, LinkState, Snapshot
from opsdash.engine.rewind import Rewind
from opsdash.store.events import Events
from opsdash.store.frames import MOST_BYTES, Frames, packed_frame, unpacked_frame
from opsdash.store.history import History
from opsdash.store.silences import SilenceTable
from opsdash.store.stops import Stops
from opsdash.store.store import Store
from opsdash.widgets.wording import reason

START = 1_795_759_200 // HOUR_S * HOUR_S
BUSY, ROOT = ("cpu.busy_ratio", ""), ("filesystem.used_ratio", "/")
FLEET = Fleet(MappingProxyType({name: Host(name) for name in ("web1", "db1", "new1")}))
FULL = Finding("disk-full", "db1", Health.CRIT, "/var 97% full", subject="/var", since=START + 100)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "history.db")
    await opened.open()
    yield opened
    await opened.close()


def rewind(store: Store) -> Rewind:
    return Rewind(store, lambda: FLEET, checks())


async def polled(store: Store, *steps: int, host: str = "web1") -> None:
    """What was seen of a host: its figures tell in which of these steps (seconds after START)."""
    history = History(store)
    for at in steps:
        await history.add([Seen(host, START + at, (BUSY, ROOT), array("f", [at / 1e4, 0.5]))])


async def told(store: Store, kind: EventKind, at: float, **about: object) -> None:
    await Events(store).add([Event(START + at, kind, **about)])  # type: ignore[arg-type]


def turned(health: Health, before: Health = Health.OK) -> dict[str, object]:
    return {"host": "db1", "text": "/var 97% full", "health": health, "before": before}


async def at(store: Store, after: float) -> Snapshot:
    return await rewind(store).at(START + after)


async def test_values_are_those_of_the_step_and_of_none_after_it(store: Store) -> None:
    await polled(store, 0, 10, 20)
    for moment, value, since in ((10, 0.001, 10), (19.5, 0.001, 19.5), (20, 0.002, 20)):
        web1 = (await at(store, moment)).hosts["web1"]
        assert web1.value("cpu.busy_ratio") == pytest.approx(value)
        assert web1.at == START + since
        assert web1.readings["cpu"].at == START + since
    assert (await at(store, 20)).hosts["web1"].labelled("filesystem.used_ratio") == {"/": 0.5}
    assert (await at(store, 50)).hosts["web1"].at == START + 30


async def test_a_host_of_which_nothing_was_stored_is_unknown_and_says_so(store: Store) -> None:
    await polled(store, 0)
    await store.save_findings(START + 1.0, [], [], ["web1", "db1"])
    found = await at(store, 5)
    assert (found.hosts["new1"].health, found.hosts["web1"].health) == (Health.UNKNOWN, Health.OK)
    assert reason(found.hosts["new1"], found.at).text.startswith("nothing is remembered of ")
    assert found.at == START + 5


async def test_health_and_findings_are_those_that_were_known_then(store: Store) -> None:
    await polled(store, *range(0, 600, 10))
    await store.save_findings(START + 1.0, [], [], ["web1", "db1"])
    await told(store, EventKind.FOUND, 130, host="db1", check=FULL.check, subject="/var",
               text=FULL.summary, health=Health.CRIT)  # fmt: skip
    await told(store, EventKind.HEALTH, 130, **turned(Health.CRIT))
    await told(store, EventKind.HEALTH, 300, **turned(Health.OK, Health.CRIT))
    await told(store, EventKind.OVER, 300, host="db1", check=FULL.check, subject="/var")
    seen: list[tuple[Health, list[str]]] = []
    for _ in ("before it was written", "after"):
        for moment in (120, 129, 131, 299, 301, 330):
            db1 = (await at(store, moment)).hosts["db1"]
            seen.append((db1.health, [one.summary for one in db1.findings]))
        await store.save_findings(START + 309.0, [FULL], [], [])
        await store.save_findings(START + 309.5, [], [FULL.key], [])
    ill, well = (Health.CRIT, ["/var 97% full"]), (Health.OK, list[str]())
    assert seen[6:] == [well, well, ill, ill, well, well]
    assert seen[:3] == [well, well, ill]


async def test_a_finding_has_its_advice_and_is_new_as_it_was_then(store: Store) -> None:
    await polled(store, 0, 190, 10_000)
    await store.save_findings(START + 120.0, [FULL], [], ["db1"])
    early, late = [(await at(store, moment)).hosts["db1"] for moment in (200, 10_000)]
    assert [one.findings[0].new for one in (early, late)] == [True, False]
    assert early.findings[0].advice == checks()["disk-full"].advice != ""
    assert early.findings[0].since == FULL.since
    assert early.health is Health.CRIT


async def test_what_was_silenced_then_is_silenced(store: Store) -> None:
    await polled(store, 140, 240, 440)
    await store.save_findings(START + 120.0, [FULL], [], ["db1"])
    ack = Silence("a", SilenceKind.ACK, "db1", START + 200, START + 400, FULL.check, "/var")
    await SilenceTable(store).save([ack], START + 200.0)
    states = [(await at(store, moment)).hosts["db1"] for moment in (150, 250, 450)]
    assert [state.findings[0].acked for state in states] == [False, True, False]
    await SilenceTable(store).save([ack.ended(START + 220)], START + 220.0)
    assert not (await at(store, 250)).hosts["db1"].findings[0].acked


async def test_tables_are_those_of_the_last_frame_with_its_age(store: Store) -> None:
    await polled(store, *range(0, 200, 10))
    tables = {
        "top": Reading("web1", "top", START + 40, {}, ({"pid": 7, "name": "stress"},)),
        "filesystem": Reading("web1", "filesystem", START + 30, {ROOT: 0.9}, ({"mount": "/"},)),
    }
    await Frames(store).add([Frame("web1", START + 50, tables, container="lxc")])
    assert (await at(store, 49)).hosts["web1"].rows("top") == ()
    web1 = (await at(store, 150)).hosts["web1"]
    assert web1.rows("top") == ({"pid": 7, "name": "stress"},)
    assert web1.readings["top"].at == START + 40
    assert web1.container == "lxc"
    # an empty table is a table: it says nothing of what came after it
    quiet = {"units": Reading("web1", "units", START + 150, {("units.failed", ""): 0.0})}
    await Frames(store).add([Frame("web1", START + 151, quiet)])
    assert (await at(store, 190)).hosts["web1"].readings["units"].at == START + 150
    # the figures are of now, the table is old: the reading says so
    assert web1.value("filesystem.used_ratio", "/") == 0.5
    assert web1.readings["filesystem"].at == START + 30
    assert set(web1.readings) == {"top", "filesystem", "cpu"}


async def test_an_hour_in_chunks_says_the_same_by_the_minute(store: Store) -> None:
    await polled(store, *range(0, 1800, 60), *range(2400, 3600, 60))
    while await History(store).compact(START + 3 * HOUR_S):
        pass
    journey = rewind(store)
    for moment, value, last in ((660, 0.066, 660), (679, 0.066, 679), (2000, 0.174, 1800)):
        web1 = (await journey.at(START + moment)).hosts["web1"]
        assert web1.value("cpu.busy_ratio") == pytest.approx(value)
        assert web1.at == START + last


async def test_stops_are_where_something_is_stored(store: Store) -> None:
    await polled(store, 0, 60, 120, 2400, HOUR_S * 2 + 10, HOUR_S * 2 + 20)
    while await History(store).compact(START + 3 * HOUR_S):
        pass
    stops = Stops(store)

    async def all_from(moment: float, way: int) -> list[float]:
        found: list[float] = []
        stop: float | None = moment
        while stop is not None:
            stop = await stops.next_to(stop, way)
            found += [] if stop is None else [stop - START]
        return found

    back = await all_from(START + 3 * HOUR_S, -1)
    assert back == [HOUR_S * 2 + 20, HOUR_S * 2 + 10, 2400, 120, 60, 0]
    forth = await all_from(START - 100, 1)
    assert forth == back[::-1]
    assert await stops.next_to(START + 61.5, -1) == START + 60
    assert await stops.next_to(START + 61.5, 1) == START + 120


async def test_while_nobody_watched_nothing_is_known(store: Store) -> None:
    await told(store, EventKind.STARTED, 0, text="watches")
    await polled(store, 0, 10)
    await store.save_findings(START + 5.0, [], [], ["web1"])
    await told(store, EventKind.STOPPED, 25)
    await told(store, EventKind.STARTED, 900)
    await told(store, EventKind.HEALTH, 910, **turned(Health.CRIT))
    gap = await at(store, 600)
    assert gap.hosts["web1"].health is Health.UNKNOWN
    assert gap.hosts["web1"].value("cpu.busy_ratio") == pytest.approx(0.001)
    assert any("did not watch" in notice for notice in gap.notices)
    assert reason(gap.hosts["web1"], gap.at).text.startswith("opsdash did not watch at ")
    for moment in (10, 20, 905):
        assert (await at(store, moment)).hosts["web1"].health is Health.OK, moment


async def test_a_run_that_was_killed_watched_no_longer_than_its_traces(store: Store) -> None:
    await told(store, EventKind.STARTED, 0)
    await polled(store, 0, 10)
    await store.save_findings(START + 5.0, [], [], ["web1"])
    assert (await at(store, 600)).hosts["web1"].health is Health.OK  # all may be silent
    await told(store, EventKind.KILLED, 900)
    await told(store, EventKind.STARTED, 900)
    assert (await at(store, 600)).hosts["web1"].health is Health.UNKNOWN


async def test_a_host_that_was_down_is_down_and_changes_are_those_until_then(store: Store) -> None:
    await polled(store, *range(0, 300, 10))
    await told(store, EventKind.HEALTH, 100, **turned(Health.DOWN))
    await told(store, EventKind.HEALTH, 200, **turned(Health.OK, Health.DOWN))
    found = await at(store, 150)
    assert found.hosts["db1"].health is Health.DOWN
    assert found.hosts["db1"].link.state is LinkState.DOWN
    assert found.hosts["db1"].link.since == START + 100
    assert [(one.at - START, one.after) for one in found.changes] == [(100, Health.DOWN)]


async def test_a_store_that_cant_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "history.db").mkdir()
    broken = Store(tmp_path / "history.db")
    await broken.open()
    found = await rewind(broken).at(START)
    assert any("can't be used" in notice for notice in found.notices)
    assert all(state.health is Health.UNKNOWN for state in found.hosts.values())
    await broken.close()


async def test_damaged_rows_cost_themselves_only(store: Store, tmp_path: Path) -> None:
    await polled(store, 0)
    await Frames(store).add([Frame("web1", START, {"top": Reading("web1", "top", START)})])
    with sqlite3.connect(tmp_path / "history.db") as db:
        db.execute("UPDATE frame SET data = X'00ff'")
        db.execute("UPDATE history_fine SET data = X'00ff00'")
    assert dict((await at(store, 1)).hosts["web1"].readings) == {}


# -- frames ----------------------------------------------------------------------------------------


def state_with(name: str, rows: list[dict[str, object]]) -> HostState:
    found = Reading("web1", name, START, {}, tuple(rows))  # type: ignore[arg-type]
    return HostState(Host("web1"), readings={name: found}, findings=(FULL,))


def test_a_frame_hides_passwords() -> None:
    row: dict[str, object] = {
        "name": "mysql",
        "command": "mysql -uroot -phunter2 --token abc123xyz",
    }
    evil = replace(FULL, evidence="curl https://bob:hunter2@example.org")
    frame = frame_of(replace(state_with("top", [row]), findings=(evil,)), START)
    data = json.dumps([frame.readings["top"].rows, frame.findings[0].evidence])
    assert "hunter2" not in data
    assert "abc123xyz" not in data


def test_a_frame_keeps_the_processes_that_take_most_of_anything() -> None:
    rows: list[dict[str, object]] = [
        {"pid": pid, "cores": pid / 1000, "memory_bytes": 1e6, "io_bytes_s": None, "name": "x"}
        for pid in range(1000)
    ]
    rows[3]["memory_bytes"] = 9e9
    rows[5]["io_bytes_s"] = 9e6
    kept = {row["pid"] for row in frame_of(state_with("top", rows), START).readings["top"].rows}
    assert {3, 5, 999, 1000 - MOST_PROCESSES} <= kept
    assert len(kept) <= 3 * MOST_PROCESSES


def test_a_frame_that_is_too_large_loses_its_largest_table() -> None:
    noise = [{"text": hash_of(number)} for number in range(3000)]
    whole = Frame(
        "web1",
        START,
        {
            "units": Reading("web1", "units", START, {}, tuple(noise)),
            "top": Reading("web1", "top", START, {}, ({"pid": 1},)),
        },
    )
    packed = packed_frame(whole)
    assert len(packed) < MOST_BYTES
    kept = unpacked_frame("web1", packed)
    assert kept is not None
    assert list(kept.readings) == ["top"]


def hash_of(number: int) -> str:
    import hashlib

    return hashlib.sha256(str(number).encode()).hexdigest()


CELL = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=20))
ROW = st.dictionaries(st.sampled_from(["pid", "name", "x y"]), CELL, max_size=3)


@given(st.lists(ROW, max_size=4))
def test_a_frame_comes_back_as_it_was(rows: list[dict[str, object]]) -> None:
    reading = Reading("db1", "top", START + 0.5, {ROOT: 0.5}, tuple(rows), source="ps")  # type: ignore[arg-type]
    frame = Frame("db1", START, {"top": reading}, (FULL,), "lxc")
    again = unpacked_frame("db1", packed_frame(frame))
    assert again is not None
    names = {name for row in reading.rows for name in row}
    filled = [{name: row.get(name) for name in names} for row in reading.rows]
    assert list(again.readings["top"].rows) == filled
    assert replace(again.readings["top"], rows=()) == replace(reading, rows=())
    assert (again.findings, again.container, again.at) == ((FULL,), "lxc", START)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_none(data: bytes) -> None:
    found = unpacked_frame("web1", data)
    assert found is None or all(one.host == "web1" for one in found.readings.values())


async def test_old_frames_go_and_all_together_have_a_limit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = Frames(store)
    top = {"top": Reading("web1", "top", START, {}, ({"pid": 1},))}
    await frames.add([Frame("web1", START - 31 * 86400.0, top), Frame("db1", START - 5.0, top)])
    await frames.add([Frame("web1", START, top)])
    assert set(await frames.latest(["web1"], START - 1.0)) == set()
    assert await frames.times() == {"db1": START - 5.0, "web1": START}
    monkeypatch.setattr("opsdash.store.frames.MOST_ALL_BYTES", 10)
    await frames.add([Frame("web1", START + 1.0, top)])
    assert await frames.times() == {}
