"""Acks, mutes and maintenance: joined without loss, ended for good, kept and shared."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.config.alerts_file import as_text, merge_alerts, read_alerts
from opsdash.core.errors import ConfigError
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host, Way
from opsdash.core.silence import (
    KEPT_S,
    Silence,
    SilenceKind,
    by_id,
    join,
    run_out,
    worth_keeping,
)
from opsdash.core.silencing import silencing
from opsdash.engine.judge import Judgement
from opsdash.engine.session import Session
from opsdash.engine.silences import Silences, Told
from opsdash.engine.surroundings import Surroundings
from opsdash.store.silences import SilenceTable
from opsdash.store.store import Store
from tests.fleet_states import Clock
from tests.unit.test_remembered import FLEET, Refusing
from tests.waiting import wait_for

T0 = 1_800_000_000.0
DB = Host("db1", tags=frozenset({"prod"}), groups=("dbs",))
FULL = Finding("disk-full", "db1", Health.CRIT, "/var 97% full", subject="/var", since=T0)
ACK = Silence("a1", SilenceKind.ACK, "db1", T0, T0 + 3600, "disk-full", "/var", "mine", "tom")
MUTE = Silence(
    "m1", SilenceKind.MUTE, "tag:prod", T0, T0 + 7200, "clock-off", reason="lab", who="eve"
)
WORK = Silence("w1", SilenceKind.MAINTENANCE, "group:dbs", T0, T0 + 60, reason="new disks")

seconds = st.integers(1, 4_000_000_000).map(float)
made = st.builds(
    Silence,
    id=st.sampled_from("abc"),
    kind=st.sampled_from(SilenceKind),
    hosts=st.sampled_from(["db1", "web1"]),
    at=st.sampled_from([1.0, 5.0]),
    until=seconds,
    check=st.sampled_from(["", "disk-full"]),
    subject=st.text(max_size=8),
    reason=st.text(max_size=30),
    who=st.text(max_size=8),
    ended_at=st.sampled_from([0.0, 3.0, 9.0]),
)
records = st.lists(made, max_size=5).map(by_id)


@given(records, records, records)
def test_copies_are_joined_in_any_order_and_any_number_of_times_alike(
    one: dict[str, Silence], other: dict[str, Silence], third: dict[str, Silence]
) -> None:
    assert join(one, other) == join(other, one)
    assert join(join(one, other), third) == join(one, join(other, third))
    assert join(one, one) == one
    assert join(join(one, other), other) == join(one, other)


@given(records, records)
def test_a_join_loses_nothing_and_revives_nothing(
    one: dict[str, Silence], other: dict[str, Silence]
) -> None:
    both = join(one, other)
    assert both.keys() == one.keys() | other.keys()
    over = {name for known in (one, other) for name, found in known.items() if found.over}
    assert all(both[name].over for name in over)


@given(records, seconds, seconds)
def test_what_has_run_out_stays_so_wherever_the_clock_is_set(
    known: dict[str, Silence], now: float, later: float
) -> None:
    after = join(known, by_id(run_out(known, now)))
    assert all(found.over for found in after.values() if now >= found.until)
    assert run_out(after, min(now, later)) == []
    assert all(name in worth_keeping(after, now) for name, one in after.items() if not one.over)


@given(records)
def test_the_file_gives_back_what_was_written(known: dict[str, Silence]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "alerts.yaml"
        path.write_text(as_text(known), encoding="utf-8")
        assert read_alerts(path) == known


def test_each_kind_speaks_of_what_it_names() -> None:
    def silenced(*force: Silence, host: Host = DB, finding: Finding = FULL) -> str:
        found = silencing(force)(host, finding)
        return "" if found is None else found.id

    clock = replace(FULL, check="clock-off", subject="")
    assert silenced() == ""
    assert silenced(ACK) == "a1"
    assert silenced(ACK, finding=replace(FULL, subject="/")) == ""
    assert silenced(MUTE) == ""
    assert silenced(MUTE, finding=clock) == "m1"
    assert silenced(MUTE, finding=clock, host=Host("db1")) == ""
    assert silenced(ACK, MUTE, WORK) == "w1"
    assert silenced(replace(WORK, hosts="(("), ACK) == "a1"


def test_long_over_is_forgotten_and_nothing_else() -> None:
    known = {"a1": ACK.ended(T0 + 5), "m1": MUTE}
    assert worth_keeping(known, ACK.until + KEPT_S - 1) == known
    assert worth_keeping(known, ACK.until + KEPT_S + 1) == {"m1": MUTE}


# -- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "place", "said"),
    [
        ("  - 7", "3:5", "should be a mapping"),
        ('  - {id: "x"}', "3:5", "kind is missing"),
        ('  - {id: "x", kind: "akc"}', "3:21", "should be one of ack, mute, maintenance"),
        ('  - {id: "x", who: 7}', "3:20", "should be text in quotes"),
        ('  - {id: "x", at: "soon"}', "3:19", "should be a time"),
        ('  - {id: "x", hots: "db1"}', "3:15", "did you mean hosts?"),
        ('  - {id: "x", kind: "mute", hosts: "cpu>80"}', "3:36", "names, tags and groups"),
        ("  - {", "4:1", ""),
    ],
)
def test_a_broken_file_is_told_by_its_line_and_never_written_over(
    tmp_path: Path, entry: str, place: str, said: str
) -> None:
    path = tmp_path / "alerts.yaml"
    text = f"version: 1\nsilences:\n{entry}\n"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        merge_alerts(path, {"a1": ACK}, T0)
    told = [str(fault) for fault in caught.value.faults]
    assert any(fault.startswith(f"{path}:{place}:") and said in fault for fault in told), told
    assert path.read_text() == text


def test_another_version_and_a_folder_that_is_not_there_are_said(tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text("version: 2\nsilences: []\n")
    with pytest.raises(ConfigError, match="another opsdash may have written this"):
        read_alerts(path)
    with pytest.raises(ConfigError, match="can't be written: No such file"):
        merge_alerts(tmp_path / "gone" / "alerts.yaml", {"a1": ACK}, T0)


def test_the_mode_that_lets_a_group_write_stays(tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    merge_alerts(path, {"a1": ACK}, T0)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o660)
    merge_alerts(path, {"m1": MUTE}, T0)
    assert path.stat().st_mode & 0o777 == 0o660
    assert read_alerts(path) == {"a1": ACK, "m1": MUTE}
    assert [one.name for one in tmp_path.iterdir()] == ["alerts.yaml"]


async def test_nothing_is_lost_of_what_several_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    many = [replace(ACK, id=f"n{number:02}", subject=f"/srv/{number}") for number in range(24)]
    await asyncio.gather(
        *(asyncio.to_thread(merge_alerts, path, {one.id: one}, T0) for one in many)
    )
    assert read_alerts(path) == by_id(many)


# -- the store ------------------------------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "opsdash" / "history.db")
    await opened.open()
    yield opened
    await opened.close()


async def test_the_store_keeps_them_and_joins_what_two_programs_write(
    store: Store, tmp_path: Path
) -> None:
    other = Store(tmp_path / "opsdash" / "history.db")
    await other.open()
    one, two = SilenceTable(store), SilenceTable(other)
    await one.save([ACK, MUTE], T0)
    assert await two.changed()
    await two.save([ACK.ended(T0 + 9), WORK], T0)
    assert await one.changed()
    assert not await one.changed()
    await one.save([ACK], T0)  # an old copy revives nothing
    assert await one.all() == {"a1": ACK.ended(T0 + 9), "m1": MUTE, "w1": WORK}
    await one.save([], ACK.until + KEPT_S + 9)
    assert (await two.all()).keys() == {"m1", "w1"}
    await other.close()


async def test_a_kind_of_another_version_is_left_out(store: Store, tmp_path: Path) -> None:
    await SilenceTable(store).save([ACK], T0)
    with sqlite3.connect(tmp_path / "opsdash" / "history.db") as db:
        db.execute(
            "INSERT INTO silence SELECT 'x', 'snooze', hosts, 1, 2, '', '', '', '', 0 FROM silence"
        )
    assert (await SilenceTable(store).all()).keys() == {"a1"}


# -- in force -------------------------------------------------------------------------------------


@dataclass
class Desk:
    """One person's opsdash, as far as it silences: its clock, and what it has said."""

    store: Store
    path: Path | None = None
    now: float = T0
    said: list[str] = field(default_factory=list)
    changes: int = 0
    heard: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        told = Told(self._changed, self.said.append, self.said.remove, self._hear)
        self.silences = Silences(SilenceTable(self.store), lambda: self.now, told)

    def _changed(self) -> None:
        self.changes += 1

    def _hear(self, silence: Silence) -> None:
        self.heard.append((silence.id, silence.over))

    async def begin(self) -> Desk:
        await self.silences.begin(str(self.path or ""))
        return self

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.silences.in_force()]


async def test_they_survive_a_restart_and_end_by_themselves(store: Store) -> None:
    desk = await Desk(store).begin()
    desk.silences.add([ACK, MUTE, WORK])
    assert desk.ids == ["w1", "a1", "m1"]
    await desk.silences.save()
    again = await Desk(store, now=T0 + 59).begin()
    assert again.ids == ["w1", "a1", "m1"]
    again.now = T0 + 60
    await again.silences.look()
    assert again.ids == ["a1", "m1"]
    later = await Desk(store, now=MUTE.until).begin()
    assert later.ids == []


async def test_a_clock_that_is_set_back_revives_none(store: Store) -> None:
    desk = await Desk(store, now=ACK.until).begin()
    desk.silences.add([ACK])
    await desk.silences.look()
    desk.now = T0
    await desk.silences.look()
    assert desk.ids == []
    assert (await Desk(store, now=T0).begin()).ids == []


async def test_a_finding_that_ends_takes_its_ack_along(store: Store) -> None:
    desk = await Desk(store).begin()
    desk.silences.add([ACK, MUTE])
    desk.silences.closed([("db1", "disk-full", "/"), ("web1", "disk-full", "/var")])
    assert desk.ids == ["a1", "m1"]
    desk.silences.closed([FULL.key])
    assert desk.ids == ["m1"]
    assert desk.silences.of(DB, FULL) is None


async def test_what_one_takes_back_another_does_not_bring_again(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "alerts.yaml"
    other_store = Store(tmp_path / "other" / "history.db")
    await other_store.open()
    tom = await Desk(store, path).begin()
    eve = await Desk(other_store, path).begin()
    tom.silences.add([ACK])
    await tom.silences.look()
    await eve.silences.look()
    assert eve.ids == ["a1"]
    eve.silences.add([MUTE])
    tom.silences.end(["a1"])
    await asyncio.gather(eve.silences.look(), tom.silences.look())
    await asyncio.gather(eve.silences.look(), tom.silences.look())
    assert tom.ids == eve.ids == ["m1"]
    path.unlink()
    assert (await Desk(other_store).begin()).ids == ["m1"]  # what was shared is kept here, too
    await other_store.close()


async def test_a_broken_file_changes_nothing_and_is_withdrawn_when_it_is_mended(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "alerts.yaml"
    desk = await Desk(store, path).begin()
    desk.silences.add([ACK])
    await desk.silences.look()
    good = path.read_text()
    path.write_text(good.replace('kind: "ack"', 'kind: "akc"'))
    await desk.silences.look()
    assert desk.ids == ["a1"]
    assert len(desk.said) == 1
    assert desk.said[0].startswith(f"{path}:4:")
    desk.silences.add([MUTE])
    await desk.silences.look()
    assert desk.ids == ["a1", "m1"]
    path.write_text(good)
    await desk.silences.look()
    assert desk.said == []
    assert read_alerts(path).keys() == {"a1", "m1"}


async def test_whoever_names_another_file_brings_along_what_is_silenced(
    store: Store, tmp_path: Path
) -> None:
    desk = await Desk(store).begin()
    desk.silences.add([ACK])
    await desk.silences.look()
    await desk.silences.follow(str(tmp_path / "team.yaml"))
    await desk.silences.look()
    assert read_alerts(tmp_path / "team.yaml") == {"a1": ACK}


# -- with hosts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2, 3, 4])
async def test_a_store_of_an_earlier_version_takes_them(tmp_path: Path, version: int) -> None:
    path = tmp_path / "history.db"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE host (name TEXT PRIMARY KEY, last_judged REAL NOT NULL);"
            "INSERT INTO host (name, last_judged) VALUES ('db1', 5.0);"
        )
        if version > 1:
            db.execute("ALTER TABLE host ADD COLUMN first_judged REAL NOT NULL DEFAULT 0")
        db.execute(f"PRAGMA user_version = {version:d}")
    store = Store(path)
    await store.open()
    await SilenceTable(store).save([ACK], T0)
    assert await SilenceTable(store).all() == {"a1": ACK}
    assert (store.notice, set(await store.known_hosts())) == ("", {"db1"})
    await store.close()


def session(tmp_path: Path, clock: Clock, shared: str = "") -> Session:
    fleet = replace(FLEET, alerts_file=shared)
    return Session(fleet, Surroundings(tmp_path, clock=clock, transports={Way.SSH: Refusing()}))


async def down(running: Session) -> Finding:
    """What is wrong with the host that can't be reached, once that is known."""
    await wait_for(lambda: running.snapshot().hosts["db1"].findings != (), what="a finding")
    (found,) = running.snapshot().hosts["db1"].findings
    return found


@pytest.mark.parametrize("kind", list(SilenceKind))
async def test_a_session_knows_what_was_silenced_in_the_one_before_until_its_end(
    tmp_path: Path, kind: SilenceKind
) -> None:
    clock = Clock(T0)
    async with session(tmp_path, clock) as running:
        found = await down(running)
        assert running.snapshot().hosts["db1"].health is Health.DOWN
        one = replace(ACK, kind=kind, check=found.check, subject=found.subject)
        running.silences.add([one])
        state = running.snapshot().hosts["db1"]
        assert (state.health, state.findings[0].silence) == (Health.UNKNOWN, one)
    async with session(tmp_path, clock) as running:
        assert (await down(running)).silence == one
        clock.at = one.until
        await wait_for(
            lambda: running.snapshot().hosts["db1"].health is Health.DOWN, what="its end"
        )
        assert running.snapshot().hosts["db1"].findings[0].silence is None
    clock.at = T0 + 10  # the clock is set back
    async with session(tmp_path, clock) as running:
        assert (await down(running)).silence is None


async def test_a_session_heeds_what_others_write_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    async with session(tmp_path / "state", Clock(T0), str(path)) as running:
        found = await down(running)
        theirs = replace(ACK, check=found.check, subject=found.subject)
        merge_alerts(path, {"a1": theirs}, T0)
        await wait_for(
            lambda: running.snapshot().hosts["db1"].findings[0].silence == theirs, what="the ack"
        )
        path.write_text("version: 1\nsilences: nonsense\n")
        await wait_for(lambda: running.snapshot().notices != (), what="the fault")
        assert running.snapshot().notices[0].startswith(f"{path}:2:11: silences: should be")
        assert running.snapshot().hosts["db1"].findings[0].silence == theirs


async def test_a_session_ends_the_ack_of_a_finding_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session(tmp_path, Clock(T0)) as running:
        found = await down(running)
        running.silences.add([replace(ACK, check=found.check, subject=found.subject), MUTE])
        over = Judgement(Health.OK, (), (found.key,))
        monkeypatch.setattr(running._polling.judge, "judge_into", lambda *_: over)
        running._polling.judge_host("db1")
        assert [one.id for one in running.silences.in_force()] == ["m1"]


async def test_what_begins_and_ends_is_heard_once_whoever_did_it(
    store: Store, tmp_path: Path
) -> None:
    one = await Desk(store).begin()
    second = Store(tmp_path / "opsdash" / "history.db")
    await second.open()
    other = await Desk(second).begin()
    one.silences.add([ACK, WORK])
    await one.silences.save()
    await other.silences.look()
    other.silences.end(["a1"])
    await other.silences.save()
    await second.close()
    one.now = WORK.until
    await one.silences.look()
    await one.silences.look()
    assert sorted(one.heard) == [("a1", False), ("a1", True), ("w1", False), ("w1", True)]
    later = await Desk(store, now=T0 + 30).begin()
    assert later.heard == [], "what was so before is no news"
