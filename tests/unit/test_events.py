"""The record of what happened: what is news, what is told once, what outlives a kill."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from opsdash.activities.monitor.events_report import as_csv, as_json, as_table, chosen
from opsdash.activities.monitor.history_commands import build
from opsdash.activities.monitor.story import story
from opsdash.core import clock
from opsdash.core.event import KEPT_S, Event, EventKind, folded
from opsdash.core.finding import Finding
from opsdash.core.happening import Kind
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.snapshot import Change, HostState
from opsdash.engine.chronicle import Chronicle
from opsdash.engine.judge import Judgement
from opsdash.store.events import Events
from opsdash.store.store import Store

NOW = 1_800_000_000.0
FULL = Finding("disk-full", "db1", Health.CRIT, "/var 97% full", subject="/var")
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "events.schema.json").read_text())
FINE = Judgement(Health.OK, ())
SICK = Judgement(Health.CRIT, (FULL,))
OVER = Judgement(Health.OK, (), (FULL.key,))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "opsdash" / "history.db")
    await opened.open()
    yield opened
    await opened.close()


async def chronicle(store: Store, pid: int | None = None) -> Chronicle:
    """A run that lasts."""
    made = Chronicle(Events(store), lambda: NOW)
    await made.begin(set())
    await made.started(2, os.getpid() if pid is None else pid)
    return made


async def kinds(store: Store) -> list[str]:
    return [event.kind.value for event in await Events(store).since(0.0)]


async def test_what_comes_and_goes_is_told_once_each(store: Store) -> None:
    made = await chronicle(store)
    for judgement in (FINE, FINE, SICK, SICK, OVER, FINE):
        made.judged("db1", judgement)
    await made.stopped()
    told = await Events(store).since(0.0)
    assert [event.kind.value for event in told] == [
        *("started", "health", "found", "health", "over", "stopped")
    ]
    worse, better = told[1], told[3]
    assert (worse.before, worse.health, worse.text) == (Health.OK, Health.CRIT, "/var 97% full")
    assert (better.before, better.health) == (Health.CRIT, Health.OK)
    assert (told[2].check, told[2].subject, told[4].text) == ("disk-full", "/var", "/var 97% full")


async def test_that_a_host_is_not_known_yet_is_no_news(store: Store) -> None:
    made = await chronicle(store)
    made.judged("db1", Judgement(Health.UNKNOWN, ()))
    made.judged("db1", FINE)
    made.judged("db1", Judgement(Health.UNKNOWN, ()))
    await made.flush()
    assert await kinds(store) == ["started", "health"]


async def test_the_next_run_tells_nothing_twice(store: Store) -> None:
    first = await chronicle(store)
    first.judged("db1", SICK)
    await first.stopped()
    second = Chronicle(Events(store), lambda: NOW)
    await second.begin({FULL.key})
    await second.started(2, os.getpid())
    second.judged("db1", SICK)
    await second.flush()
    assert await kinds(store) == ["started", "health", "found", "stopped", "started"]
    second.judged("db1", OVER)
    await second.flush()
    assert (await kinds(store))[-2:] == ["health", "over"]


async def test_a_run_that_was_killed_is_told_by_the_next_one(store: Store) -> None:
    await chronicle(store, pid=999_999_999)
    await chronicle(store)
    assert await kinds(store) == ["started", "killed", "started"]
    await chronicle(store)  # the one before is this very process: it lives
    assert await kinds(store) == ["started", "killed", "started", "started"]


@pytest.mark.parametrize(("sign_s", "told_s"), [(-60.0, -60.0), (5.0, 0.0), (-9e9, 0.0)])
async def test_a_killed_run_ended_with_its_last_sign_of_life(
    store: Store, sign_s: float, told_s: float
) -> None:
    await Events(store).add([Event(NOW - 600, EventKind.STARTED, "", "", subject="999999999")])
    made = Chronicle(Events(store), lambda: NOW)
    await made.started(2, os.getpid(), NOW + sign_s)
    killed = next(one for one in await Events(store).since(0) if one.kind is EventKind.KILLED)
    assert killed.at == (NOW - 600 if sign_s < -600 else NOW + told_s)


async def test_a_single_look_writes_nothing(store: Store) -> None:
    made = Chronicle(Events(store), lambda: NOW)
    await made.begin(set())
    made.judged("db1", SICK)
    await made.stopped()
    assert await kinds(store) == []


async def test_the_order_is_that_of_writing_and_the_old_goes(store: Store) -> None:
    events = Events(store)
    await events.add([Event(NOW, EventKind.STARTED), Event(NOW - 60, EventKind.STOPPED)])
    assert await kinds(store) == ["started", "stopped"]
    await events.add([Event(NOW + KEPT_S - 30, EventKind.STARTED)])
    assert await kinds(store) == ["started", "started"]


async def test_a_kind_of_another_version_is_left_out(store: Store) -> None:
    await Events(store).add([Event(NOW, EventKind.STARTED)])
    await store.write(lambda db: _insert_odd(db))
    assert await kinds(store) == ["started"]


def _insert_odd(db: sqlite3.Connection) -> None:
    db.execute(
        "INSERT INTO event (at, kind, host, text, check_id, subject) "
        "VALUES (1, 'dreamt', 'db1', '', '', '')"
    )


def flapping(times: int, every_s: float) -> list[Event]:
    found = Event(NOW, EventKind.FOUND, "db1", "down", Health.CRIT, check="up", subject="x")
    made = []
    for turn in range(times):
        at = NOW + turn * every_s
        made.append(replace(found, at=at, number=2 * turn + 1))
        over = replace(found, at=at + 1, kind=EventKind.OVER, number=2 * turn + 2)
        made.append(over)
    return made


def test_a_host_that_flaps_for_a_day_is_one_line() -> None:
    told = folded(flapping(8640, 10.0))
    assert len(told) == 1
    assert told[0].text == "came and went 8640 times: down"
    assert told[0].times == 8640
    assert len(folded(flapping(2, 10.0))) == 4
    assert len(folded(flapping(5, 7200.0))) == 10


def test_a_table_tells_what_why_and_where() -> None:
    events = [
        Event(NOW, EventKind.STARTED, text="watches 2 hosts (pid 7)", number=1),
        Event(NOW, EventKind.HEALTH, "db1", "/var 97% full", Health.CRIT, Health.OK, number=2),
    ]
    head, first, second = as_table(events)
    assert head.split() == ["TIME", "HOST", "WHAT", "WHY"]
    assert first.split()[2:5] == ["-", "opsdash", "started"]
    assert second.split()[2:] == ["db1", "OK", "->", "CRIT", "/var", "97%", "full"]
    assert as_csv(events).splitlines()[0].startswith("number,at,kind,host,health")


def test_hosts_are_chosen_by_name_and_glob() -> None:
    events = [Event(NOW, EventKind.HEALTH, host) for host in ("web1", "web2", "db1")]
    opened = Event(NOW, EventKind.STARTED)
    for words, names in (
        ((), ["", "web1", "web2", "db1"]),
        (("web*", "!web2"), ["web1"]),
        (("!web*",), ["db1"]),
    ):
        assert [one.host for one in chosen([opened, *events], words)] == names


async def test_json_has_a_schema(store: Store) -> None:
    made = await chronicle(store)
    made.judged("db1", SICK)
    await made.stopped()
    said = json.loads(as_json(await Events(store).since(0.0)))
    jsonschema.validate(said, SCHEMA)
    assert [one["kind"] for one in said["events"]] == ["started", "health", "found", "stopped"]


def test_the_command_lists_them_and_says_when_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(clock, "now", lambda: NOW + 10)
    result = CliRunner().invoke(build(), ["--events"])
    assert result.exit_code == 3
    assert "nothing is known to have happened" in result.stderr
    db = sqlite3.connect(tmp_path / "opsdash" / "history.db")
    db.execute(
        "INSERT INTO event (at, kind, host, text, health, before, check_id, subject) "
        "VALUES (?, 'health', 'db1', 'why', 3, 0, '', '')",
        (NOW,),
    )
    db.commit()
    db.close()
    result = CliRunner().invoke(build(), ["--events", "db*", "--since", "1m"])
    assert result.exit_code == 0, result.stderr
    assert "OK -> CRIT" in result.stdout
    assert CliRunner().invoke(build(), []).exit_code == 2
    assert CliRunner().invoke(build(), ["a", "b", "c"]).exit_code == 2


async def test_what_is_silenced_and_what_is_no_more_is_told(store: Store) -> None:
    made = await chronicle(store)
    ack = Silence("a", SilenceKind.ACK, "db1", NOW, NOW + 7200, "disk-full", "/var", "disk", "tom")
    work = Silence("w", SilenceKind.MAINTENANCE, "group:web", NOW, NOW + 60, reason="move")
    for one in (ack, work, ack.ended(NOW + 5), work.ended(NOW + 60)):
        made.silenced(one)
    await made.flush()
    told = (await Events(store).since(0.0))[1:]
    assert [(event.kind.value, event.host, event.text) for event in told] == [
        ("silenced", "db1", "ack by tom for 2h: disk"),
        ("silenced", "group:web", "maintenance for 60s: move"),
        ("unsilenced", "db1", "ack ended, before its time was up"),
        ("unsilenced", "group:web", "maintenance ended, its time was up"),
    ]
    assert (told[0].check, told[0].subject) == ("disk-full", "/var")
    assert as_table(told)[1].split()[2:5] == ["db1", "silenced", "ack"]
    jsonschema.validate(json.loads(as_json(told)), SCHEMA)


async def test_who_does_not_watch_notes_nothing_of_silences(store: Store) -> None:
    made = Chronicle(Events(store), lambda: NOW)
    made.silenced(Silence("a", SilenceKind.ACK, "db1", NOW, NOW + 7200, "disk-full", "/var"))
    assert await made.since(0.0) == []


WEB = Host("web1", groups=("web",))


def test_a_story_has_what_an_earlier_run_saw() -> None:
    events = [
        Event(NOW - 400, EventKind.STARTED, number=1),
        Event(NOW - 300, EventKind.PORT, "web1", "8080/tcp is listened at", subject="8080/tcp"),
        Event(NOW - 290, EventKind.SILENCED, "group:web", "maintenance by ann for 2h", number=3),
        Event(NOW - 280, EventKind.SILENCED, "group:db", "maintenance by ann for 2h", number=4),
        Event(NOW - 200, EventKind.HEALTH, "web1", "full", Health.CRIT, Health.OK, number=5),
        Event(NOW - 190, EventKind.HEALTH, "web2", "full", Health.CRIT, Health.OK, number=6),
    ]
    told = story([HostState(WEB)], events=events)
    assert [(one.kind, one.words) for one in told] == [
        (Kind.HEALTH, "CRIT (was OK): full"),
        (Kind.ALERT, "maintenance by ann for 2h"),
        (Kind.PORT, "8080/tcp is listened at"),
    ]
    fresh = Change(NOW - 200, "web1", Health.OK, Health.CRIT, "full")
    assert len(story([HostState(WEB)], [fresh], events)) == 3, "told once"
    assert len(story([HostState(WEB)], [replace(fresh, at=NOW)], events)) == 4
