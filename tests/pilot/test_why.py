"""Why a host is ill: proof, since when, what changed before, seen before, what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.audit import Done
from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Episode, Finding
from opsdash.core.health import Health
from tests.fleet_states import NOW, up, wrong
from tests.pilot.test_timeline import ALL, EDITS, UNITLOG, event, host
from tests.screens import LARGE, SMALL, assert_snapshot, on_stage

FAILED = Finding(
    "unit-failed",
    "db3",
    Health.CRIT,
    "mysql.service failed (exit-code)",
    subject="mysql.service",
    evidence="mysqld: unknown variable 'innodb_bufer_pool_size=8G'",
    advice="its log tells why: journalctl -u it",
    since=NOW - 380,
    new=True,
)
FULL = wrong("db3", Health.WARN, "/var 86% full")
BEFORE = [
    Episode("db3", "unit-failed", "mysql.service", NOW - 380, None, Health.CRIT, FAILED.summary),
    Episode(
        "db3", "unit-failed", "mysql.service", NOW - 9e5, NOW - 9e5 + 720, Health.CRIT, "it failed"
    ),
    Episode("db3", "unit-failed", "cron.service", NOW - 8e5, NOW - 7e5, Health.CRIT, "another"),
]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_the_page_looks_like_this(size: tuple[int, int]) -> None:
    async with on_stage([host(*ALL, state=up("db3", FAILED, FULL))], size) as stage:
        stage.source.seen_before = BEFORE
        await stage.press("x")
        await stage.app.workers.wait_for_complete()
        await stage.settle()
        assert_snapshot(f"why-{size[0]}x{size[1]}", stage.text)


async def test_the_change_that_has_the_name_of_what_broke_is_named_first() -> None:
    async with on_stage([host(*ALL, state=up("db3", FAILED))], LARGE) as stage:
        await stage.press("x")
        lines = stage.lines
        first = next(at for at, text in enumerate(lines) if text.startswith("CHANGED")) + 1
        assert "30s before 07:53:00 file    written: /etc/mysql/my.cnf" in lines[first]
        assert "10s before 07:53:20 unit    restarted mysql.service" in lines[first + 1]
        assert "07:53:30, for" in stage.text  # as the host's journal has it
        assert "noticed 07:53:40" in stage.text


async def test_with_nothing_in_the_hour_before_the_last_change_is_told() -> None:
    old = replace(EDITS, rows=(event(9000.0, "file", "written: /etc/hosts"),))
    async with on_stage([host(old, state=up("db3", FAILED))], LARGE) as stage:
        await stage.press("x")
        assert "nothing is known to have changed in the 60m before" in stage.text
        assert "written: /etc/hosts" in stage.text


async def test_a_key_goes_to_the_next_reason_and_what_is_well_says_so() -> None:
    states = [host(UNITLOG, state=up("db3", FAILED, FULL)), up("ok1")]
    async with on_stage(states, LARGE) as stage:
        await stage.press("x", "]")
        assert "/var 86% full" in stage.lines[1]
        await stage.press("]")
        assert "mysql.service failed" in stage.lines[1]
        await stage.press("q", "G", "x")
        assert "nothing is wrong as far as is known" in stage.text


async def test_a_suggested_command_can_be_copied() -> None:
    evil = replace(FAILED, subject="a$(reboot).service")
    async with on_stage([host(UNITLOG, state=up("db3", evil))], LARGE) as stage:
        await stage.press("x")
        assert "systemctl status 'a$(reboot).service'" in stage.text
        await stage.press("Y")
        assert "copy a command" in stage.text


def done(ago_s: float, action: str, *, ok: bool | None = True, text: str = "") -> Done:
    """A plan of tom's on db3."""
    return Done(NOW - ago_s, "tom", "db3", action, "mysql.service", "p-1", ok, text)


async def test_what_was_done_when_it_was_like_now_comes_first() -> None:
    async with on_stage([host(*ALL, state=up("db3", FAILED))], LARGE) as stage:
        stage.source.seen_before = BEFORE
        stage.source.done = [
            done(7200, "run", ok=False, text="exit status 3"),
            done(9e5 - 300, "service.restart"),
            replace(done(60, "host.reboot"), host="db4"),
        ]
        await stage.press("x")
        await stage.app.workers.wait_for_complete()
        await stage.settle()
        lines = [text.strip() for text in stage.lines]
        at = next(number for number, text in enumerate(lines) if text.startswith("DONE"))
        assert "tom: service.restart mysql.service, ok" in lines[at + 1]
        assert lines[at + 2].startswith("it was like now, and over 7m later")
        assert "tom: run mysql.service, failed (exit status 3)" in lines[at + 3]
        assert "host.reboot" not in stage.text


async def test_what_was_done_just_before_is_a_suspect() -> None:
    words = "tom: service.restart mysql.service, ok"
    acted = Event(NOW - 400, EventKind.ACTED, "db3", words, subject="mysql.service")
    async with on_stage([host(state=up("db3", FAILED))], LARGE) as stage:
        stage.source.happened = [acted]
        await stage.press("x")
        await stage.app.workers.wait_for_complete()
        await stage.settle()
        assert f"action  {words}" in stage.text
