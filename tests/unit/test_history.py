"""The past: rows of ten seconds, hours as chunks, gaps, damage, and what is past its time."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import AsyncIterator
from math import isnan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.history import (
    COARSE,
    FINE,
    HOUR_S,
    MINUTE,
    Point,
    Seen,
    Series,
    by_key,
    mean_of,
    packed,
    step_for,
    steps_in,
    unpacked,
)
from opsdash.store.history import GRACE_S, History
from opsdash.store.past import Past
from opsdash.store.store import Store

CPU, MEMORY = ("cpu.busy_ratio", ""), ("memory.used_ratio", "")
ROOT = ("filesystem.used_ratio", "/")
START = 1_795_759_200  # a whole hour


def seen(
    at: int, *values: float, host: str = "web1", keys: tuple[tuple[str, str], ...] = (CPU, ROOT)
) -> Seen:
    """A row of some metrics."""
    return Seen(host, at, keys[: len(values)], array("f", values))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = Store(path)
    await opened.open()
    yield opened
    await opened.close()


async def fill(history: History, start: int, seconds: int, *, gap: range = range(0)) -> None:
    """A row every ten seconds whose value is the minute."""
    for at in range(start, start + seconds, 10):
        if at - start not in gap:
            await history.add([seen(at, float((at - start) // 10), 0.5)])


def test_the_finest_step_that_reaches_back_is_taken() -> None:
    assert [step_for(span) for span in (60, 3600, 3601, 86_400, 86_401, 9e9)] == [
        *(FINE, FINE, MINUTE, MINUTE, COARSE, COARSE)
    ]


async def test_an_hour_is_the_same_before_and_after_it_became_chunks(store: Store) -> None:
    history, past = History(store), Past(store)
    await fill(history, START, HOUR_S, gap=range(600, 780))
    before = {
        step: await past.points("web1", CPU, START, START + HOUR_S, step)
        for step in (MINUTE, COARSE)
    }
    assert await history.compact(START + 2 * HOUR_S + GRACE_S - 1) == 0
    assert await history.compact(START + 2 * HOUR_S + GRACE_S + 10) == 1
    assert await store.query("SELECT count(*) FROM history_fine") == [(0,)]
    for step, points in before.items():
        assert await past.points("web1", CPU, START, START + HOUR_S, step) == points
    minutes = before[MINUTE]
    assert [int(point.at - START) // 60 for point in minutes] == [*range(10), *range(13, 60)]
    assert minutes[20] == Point(START + 23 * 60, 140.5, 138.0, 143.0)
    assert before[COARSE][0] == Point(START, 14.5, 0.0, 29.0)


async def test_rows_go_on_where_chunks_end(store: Store) -> None:
    history, past = History(store), Past(store)
    await fill(history, START, HOUR_S)
    await fill(history, START + HOUR_S, 600)
    while await history.compact(START + 2 * HOUR_S + GRACE_S + 10):
        pass
    points = await past.points("web1", CPU, START + 1800, START + 2 * HOUR_S, MINUTE)
    assert [point.at for point in points] == list(range(START + 1800, START + HOUR_S + 600, 60))
    assert [point.least for point in points] == [*range(180, 360, 6), *range(0, 60, 6)]
    fine = await past.points("web1", CPU, START + HOUR_S, START + 2 * HOUR_S, FINE)
    assert len(fine) == 60


async def test_a_fleet_is_read_over_chunks_and_rows(store: Store) -> None:
    history, past = History(store), Past(store)
    for at in range(START, START + HOUR_S + 910, 10):
        await history.add([seen(at, 1.0, host="web1"), seen(at, 2.0, host="db1")])
    while await history.compact(START + 2 * HOUR_S + GRACE_S + 10):
        pass
    found = await past.fleet(CPU, START + 100, START + 2 * HOUR_S)
    assert {name: len(values) for name, values in found.items()} == {"db1": 24, "web1": 24}
    assert list(found["db1"][:15]) == [2.0] * 15
    assert all(isnan(value) for value in found["db1"][15:])
    unknown = await past.fleet(("no.such", ""), START, START + HOUR_S)
    assert all(isnan(value) for values in unknown.values() for value in values)
    assert len(unknown["web1"]) == 12


async def test_metrics_that_come_and_go_keep_their_own_times(store: Store) -> None:
    history, past = History(store), Past(store)
    await history.add([seen(START, 1.0)])
    await history.add([seen(START + 10, 3.0, 7.0, keys=(MEMORY, CPU))])
    await history.add([seen(START + 20, 5.0)])
    points = await past.points("web1", CPU, START, START + 99, FINE)
    assert [(point.at - START, point.mean) for point in points] == [(0, 1), (10, 7), (20, 5)]
    assert await past.keys("web1") == [CPU, MEMORY]
    assert await past.hosts() == ["web1"]
    assert await past.keys("nobody") == []
    assert await past.points("nobody", CPU, 0, START, FINE) == []


async def test_hours_that_a_wrong_clock_has_written_hide_nothing(store: Store) -> None:
    history, past = History(store), Past(store)
    await fill(history, START + 48 * HOUR_S, HOUR_S)  # two days ahead, then it was set right
    while await history.compact(START + 50 * HOUR_S + GRACE_S + 10):
        pass
    await fill(history, START, 600)
    points = await past.points("web1", CPU, START - HOUR_S, START + 600, MINUTE)
    assert [point.at for point in points] == list(range(START, START + 600, 60))


async def test_the_past_of_a_host_begins_with_its_oldest_hour_or_row(store: Store) -> None:
    history, past = History(store), Past(store)
    assert await past.begin("web1") is None
    await history.add([seen(START + 70, 1.0), seen(START + 60, 1.0, host="db1")])
    assert await past.begin("web1") == START + 70
    while await history.compact(START + 2 * HOUR_S + GRACE_S + 10):
        pass
    await history.add([seen(START + 9 * HOUR_S, 1.0)])
    assert await past.begin("web1") == START
    assert await past.begin("nobody") is None


async def test_whoever_still_reads_when_all_has_ended_finds_nothing(path: Path) -> None:
    store = Store(path)
    await store.open()
    past = Past(store)
    await History(store).add([seen(START, 1.0)])
    await store.close()
    assert await past.points("web1", CPU, START, START + 10, FINE) == []
    assert await past.begin("web1") is None
    assert not store.notice


async def test_what_is_past_its_time_goes(store: Store) -> None:
    history, past = History(store), Past(store)
    await fill(history, START, 1200)
    now = START + 26 * HOUR_S
    while await history.compact(now):
        pass
    assert await past.points("web1", CPU, START, now, MINUTE) == []
    assert len(await past.points("web1", CPU, START, now, COARSE)) == 4
    await history.compact(now + 31 * 24 * HOUR_S)
    assert await past.points("web1", CPU, START, now, COARSE) == []


async def test_damage_costs_what_is_damaged(store: Store, path: Path) -> None:
    history, past = History(store), Past(store)
    await fill(history, START, HOUR_S)
    await history.compact(START + 2 * HOUR_S + GRACE_S + 10)
    await history.add([seen(START + HOUR_S, 1.0), seen(START + HOUR_S + 10, 2.0)])
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE history_chunk SET data = x'0102' WHERE step_s = 60")
        db.execute("UPDATE history_fine SET data = x'01' WHERE at % 20 = 0")
    db.close()
    points = await past.points("web1", CPU, START, START + 2 * HOUR_S, MINUTE)
    assert [point.mean for point in points] == [2.0]
    assert store.notice == ""


@pytest.mark.parametrize("damage", ["{", "[1]", "null", '["ab"', ""])
async def test_a_damaged_list_of_metrics_costs_the_rows_that_need_it(
    store: Store, path: Path, damage: str
) -> None:
    await History(store).add([seen(START, 1.0)])
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE history_layout SET keys = ?", (damage,))
    db.close()
    assert await Past(store).points("web1", CPU, START, START + HOUR_S, FINE) == []
    assert await Past(store).keys("web1") == []


async def test_a_write_that_failed_gives_no_numbers_away(store: Store) -> None:
    history, past = History(store), Past(store)
    assert store._db is not None
    store._db.execute("ALTER TABLE history_fine RENAME TO elsewhere")
    await history.add([seen(START, 1.0)])
    assert "no such table" in store.notice  # it went on in memory, and wrote it there
    await history.add([seen(START + 10, 2.0)])
    points = await past.points("web1", CPU, START, START + 99, FINE)
    assert [point.mean for point in points] == [1.0, 2.0]


async def test_another_program_reads_while_this_one_writes(store: Store, path: Path) -> None:
    history = History(store)
    await history.add([seen(START, 1.0)])
    reader = Store(path)
    await reader.open()
    assert len(await Past(reader).points("web1", CPU, START, START + 99, FINE)) == 1
    await history.add([seen(START + 10, 2.0)])
    assert len(await Past(reader).points("web1", CPU, START, START + 99, FINE)) == 2
    await reader.close()


def test_rows_with_different_metrics_are_taken_together_by_metric() -> None:
    rows = [seen(START + 10, 1.0, 4.0), seen(START + 20, 3.0), seen(START + 30, 5.0)]
    whole = mean_of(rows, START)
    assert dict(zip(whole.keys, whole.values, strict=True)) == {CPU: 3.0, ROOT: 4.0}
    found = by_key(rows)
    assert found[CPU].times == [START + 10, START + 20, START + 30]
    assert found[ROOT].times == [START + 10]


@given(
    st.lists(
        st.tuples(st.integers(0, 359), st.floats(0, 1000, width=32)),
        max_size=50,
        unique_by=lambda one: one[0],
    )
)
def test_what_is_packed_comes_back(values: list[tuple[int, float]]) -> None:
    times = [START + 10 * n for n, _ in sorted(values)]
    series = Series(times, array("f", [value for _, value in sorted(values)]))
    for step_s in (10, 60, 300):
        points = series.points(step_s)
        together = packed(series.values, steps_in(times, step_s), START, step_s, span_s=HOUR_S)
        back = unpacked(together, START, step_s)
        assert [one.at for one in back] == sorted({at // step_s * step_s for at in times})
        assert [(p.least, p.most) for p in back] == [(p.least, p.most) for p in points]
        assert [p.mean for p in back] == pytest.approx([p.mean for p in points], rel=1e-6)
        assert all(p.least <= p.mean * 1.000001 and p.mean <= p.most * 1.000001 for p in back)
