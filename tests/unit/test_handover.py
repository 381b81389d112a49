"""A handover: what stands in which part of it, and how each form of it says so."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from opsdash.activities.monitor.handover_report import as_json, as_markdown, as_text, escaped
from opsdash.activities.monitor.report_commands import build
from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Finding
from opsdash.core.handover import Handover, Wrong, handover
from opsdash.core.health import Health
from opsdash.core.holder import Holder, Role
from opsdash.engine.turns import POLLER
from opsdash.store.events import Events
from opsdash.store.lease import Lease
from opsdash.store.store import Store

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "handover.schema.json").read_text())
NOON = time.mktime((2026, 11, 27, 12, 0, 0, 0, 0, -1))
SINCE = NOON - 6 * 3600


def event(ago_min: float, kind: EventKind, host: str, text: str = "", **more: object) -> Event:
    return Event(NOON - 60 * ago_min, kind, host, text, **more)  # type: ignore[arg-type]


def made() -> Handover:
    wrong = [
        Wrong("db1", Health.WARN, "replication lag 140 s", SINCE - 7200, "ack tom"),
        Wrong("web7", Health.CRIT, "nginx.service failed", NOON - 600),
        Wrong("web2", Health.WARN, "cert expires [soon](http://x)", NOON - 300),
    ]
    events = [
        event(400, EventKind.STARTED, ""),
        event(300, EventKind.FOUND, "db3", "/var 97% full", check="disk-full", subject="/var"),
        event(290, EventKind.ACTED, "db3", "tom: journal.vacuum, ok"),
        event(280, EventKind.OVER, "db3", "/var 97% full", check="disk-full", subject="/var"),
        event(200, EventKind.HEALTH, "db3", "", before=Health.CRIT, health=Health.OK),
        event(150, EventKind.STOPPED, ""),
        event(120, EventKind.STARTED, ""),
        event(60, EventKind.OVER, "web7", "nginx.service failed", check="unit-failed"),
        event(50, EventKind.SILENCED, "web2", "acked by tom: new disks"),
        event(45, EventKind.PORT, "web7", "port 443 is gone"),
        event(10, EventKind.FOUND, "web7", "nginx.service failed", check="unit-failed"),
    ]
    return handover(wrong, events, SINCE, NOON)


def test_each_thing_stands_in_its_part() -> None:
    found = made()
    assert [one.host for one in found.new] == ["web7", "web2"]
    assert [one.host for one in found.known] == ["db1"]
    assert [one.host for one in found.over] == ["db3"]
    assert [one.text for one in found.done] == ["tom: journal.vacuum, ok"]
    assert [one.host for one in found.silenced] == ["web2"]
    assert [one.text for one in found.came_and_went] == ["port 443 is gone"]
    assert found.blind == ((NOON - 9000, NOON - 7200),)


def test_nobody_watches_from_the_end_of_the_last_program_on() -> None:
    ended, next_one = event(400, EventKind.STOPPED, ""), event(300, EventKind.STARTED, "")
    assert handover([], [ended], SINCE, NOON).blind == ((SINCE, NOON),)
    assert handover([], [ended, next_one], SINCE, NOON).blind == ((SINCE, next_one.at),)
    later = event(30, EventKind.STOPPED, "")
    both = ((SINCE, next_one.at), (later.at, NOON))
    assert handover([], [next_one, later], SINCE, NOON).blind == both
    before = event(400, EventKind.STARTED, "")
    assert handover([], [before, later], SINCE, NOON).blind == ((later.at, NOON),)
    killed = event(300, EventKind.KILLED, "")
    assert handover([], [killed, next_one], SINCE, NOON).blind == ()
    assert handover([], [next_one, killed], SINCE, NOON).blind[-1] == (killed.at, NOON)


def test_the_text_begins_with_what_is_new() -> None:
    assert as_text(made()) == [
        "since 06:00, 6h until 12:00",
        "",
        "WRONG, AND NEW SINCE THEN (2)",
        "  CRIT    web7: nginx.service failed, for 10m",
        "  WARN    web2: cert expires [soon](http://x), for 5m",
        "",
        "STILL WRONG (1)",
        "  WARN    db1: replication lag 140 s, for 8h  (ack tom)",
        "",
        "DONE FROM HERE (1)",
        "  07:10 db3: tom: journal.vacuum, ok",
        "",
        "OVER (1)",
        "  07:20 db3: /var 97% full",
        "",
        "ACKNOWLEDGED, MUTED (1)",
        "  11:10 web2: acked by tom: new disks",
        "",
        "HEALTH (1)",
        "  db3: CRIT -> OK, last 08:40",
        "",
        "PORTS AND MOUNTS THAT CAME OR WENT (1)",
        "  11:15 web7: port 443 is gone",
        "",
        "NOBODY WATCHED (1)",
        "  09:30 to 10:00: 30m",
    ]
    assert as_text(handover([], [], SINCE, NOON))[-1] == "nothing is wrong, and nothing happened"


def test_no_host_can_write_markdown() -> None:
    text = as_markdown(made())
    assert "[soon](" not in text
    assert "\\[soon\\](http" in text
    assert text.startswith("# Handover since 06:00, 6h until 12:00\n")


def test_json_has_all_of_it() -> None:
    data = json.loads(as_json(made()))
    jsonschema.validate(data, SCHEMA)
    jsonschema.validate(json.loads(as_json(handover([], [], SINCE, NOON))), SCHEMA)
    assert data["schema"] == "opsdash-handover-1"
    assert [one["new"] for one in data["wrong"]] == [True, True, False]
    assert data["blind"][0]["until"].endswith("+00:00")
    assert data["health"][0] | {"at": ""} == {
        "at": "",
        "kind": "health",
        "host": "db3",
        "text": "",
        "times": 1,
        "health": "OK",
        "before": "CRIT",
    }


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "opsdash"


async def _filled(folder: Path) -> None:
    store = Store(folder / "history.db")
    await store.open()
    full = Finding("disk-full", "db1", Health.CRIT, "/var full", subject="/var", since=NOON)
    await store.save_findings(time.time(), [full], [], ["db1"])
    at = time.time() - 60
    await Events(store).add([Event(at, EventKind.OVER, "web1", "nginx.service failed")])
    await store.close()


async def test_the_command_reads_what_is_remembered(state: Path) -> None:
    await _filled(state)

    def said(*words: str) -> str:
        done = CliRunner().invoke(build(), words)
        assert done.exit_code == 0, done.output
        return done.output

    whole = await asyncio.to_thread(said, "--since", "-1h")
    assert "db1: /var full" in whole
    assert "web1: nginx.service failed" in whole
    some = await asyncio.to_thread(said, "--since", "-1h", "db*", "--markdown")
    assert "web1" not in some
    assert "db1" in some


def test_a_moment_that_is_none_is_refused() -> None:
    done = CliRunner().invoke(build(), ["--since", "tomorrow"])
    assert done.exit_code == 2
    assert "tomorrow is no moment" in done.output


@pytest.mark.parametrize("words", [(), ("web*",)])
async def test_where_nobody_watched_it_is_not_said_that_nothing_happened(
    state: Path, words: tuple[str, ...]
) -> None:
    def said() -> str:
        done = CliRunner().invoke(build(), ["--since", "-1h", *words])
        assert done.exit_code == 0, done.output
        return done.output

    state.mkdir(exist_ok=True)
    assert "NOBODY WATCHED" in await asyncio.to_thread(said)
    store = Store(state / "history.db")
    await store.open()
    at = time.time() - 7200
    await Events(store).add(
        [Event(at, EventKind.STARTED, ""), Event(at + 9, EventKind.STOPPED, "")]
    )
    await store.close()
    whole = await asyncio.to_thread(said)
    assert "NOBODY WATCHED" in whole
    assert "nothing happened" not in whole


async def test_since_a_program_was_killed_nobody_has_watched(state: Path) -> None:
    state.mkdir(exist_ok=True)
    store = Store(state / "history.db")
    await store.open()
    began = time.time() - 7200
    await Events(store).add([Event(began, EventKind.STARTED, "")])
    await store.close()
    lock = Lease(state / POLLER)
    assert lock.take(Holder(7, Role.SCREEN))

    def blind() -> str:
        done = CliRunner().invoke(build(), ["--since", "-1h"])
        assert done.exit_code == 0, done.output
        return done.output.partition("NOBODY WATCHED")[2]

    assert await asyncio.to_thread(blind) == ""
    lock.release()
    os.utime(state / POLLER, (began + 6600, began + 6600))
    assert "10m" in await asyncio.to_thread(blind)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, with - and . and !", "plain, with - and . and !"),
        ("# no heading", "\\# no heading"),
        ("- no list", "\\- no list"),
        (" 1. no list", " 1\\. no list"),
        ("2026-11-28 10:00", "2026-11-28 10:00"),
        (
            "<img src=x> [a](b) *b* `c` ~~d~~ &lt;",
            "\\<img src=x\\> \\[a\\](b) \\*b\\* \\`c\\` \\~\\~d\\~\\~ \\&lt;",
        ),
    ],
)
def test_text_in_markdown_is_text(text: str, expected: str) -> None:
    assert escaped(text) == expected


async def test_a_name_that_was_never_seen_is_a_slip(state: Path) -> None:
    await _filled(state)
    done = await asyncio.to_thread(CliRunner().invoke, build(), ["bd1"])
    assert done.exit_code == 2
    assert "'bd1' is no host that was ever watched (did you mean db1?)" in done.output
