"""The timeline: what happened on a host beside how it fared, by time, filtered, for several."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.health import Health
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Cell, Reading, Row
from opsdash.core.snapshot import Change, HostState
from tests.fleet_states import EVIL, NOW, down, reading, up
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

HOUR = 3600.0


def event(ago_s: float, kind: str, words: str, **facts: Cell) -> Row:
    """A row of a collector of changes."""
    return {"at": NOW - ago_s, "kind": kind, "words": words, "source": "journal", **facts}


PACKAGES = reading(
    "packages",
    {("packages.changes", ""): 2.0},
    (
        event(
            2 * HOUR,
            "package",
            "upgraded 3 packages: mysql-server, mysql-client, mysql-common",
            subject="mysql-server mysql-client mysql-common",
            who="apt-get upgrade",
            source="dpkg.log",
            detail="mysql-server 8.0.39 → 8.0.40, mysql-client 8.0.39 → 8.0.40",
        ),
        event(26 * HOUR, "package", "removed telnet 0.17", subject="telnet", source="dpkg.log"),
    ),
)
EDITS = reading(
    "edits",
    {("edits.files", ""): 1.0},
    (
        event(
            420.0,
            "file",
            "written: /etc/mysql/my.cnf",
            subject="/etc/mysql/my.cnf",
            source="mtime, of root",
        ),
    ),
)
UNITLOG = reading(
    "unitlog",
    {("unitlog.changes", ""): 2.0, ("unitlog.readable", ""): 1.0},
    (
        event(400.0, "unit", "restarted mysql.service", subject="mysql.service"),
        event(390.0, "unit", "failed mysql.service (exit-code)", subject="mysql.service"),
    ),
)
AUTHLOG = reading(
    "authlog",
    {("authlog.changes", ""): 2.0, ("authlog.readable", ""): 1.0},
    (
        event(700.0, "login", "login of deploy from 10.0.9.4 (publickey)", who="deploy"),
        event(405.0, "sudo", "ran /usr/bin/systemctl restart mysql as root", who="deploy"),
    ),
)
ALL = (PACKAGES, EDITS, UNITLOG, AUTHLOG)


def host(*readings: Reading, name: str = "db3", state: HostState | None = None) -> HostState:
    """A host that has told these."""
    state = state or up(name)
    own = {one.collector: replace(one, host=name) for one in readings}
    return replace(state, readings={**state.readings, **own})


def listed(stage: Stage) -> list[str]:
    """The rows on the screen, from the top."""
    lines = stage.lines
    start = next(at for at, text in enumerate(lines) if text.lstrip().startswith("TIME")) + 1
    return [text for text in lines[start:-2] if text.strip()]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_the_page_looks_like_this(size: tuple[int, int]) -> None:
    async with on_stage([host(*ALL)], size) as stage:
        stage.source.changes = (
            Change(NOW - 380, "db3", Health.OK, Health.CRIT, "mysql.service failed (exit-code)"),
        )
        await stage.press("t")
        assert_snapshot(f"timeline-{size[0]}x{size[1]}", stage.text)
        await stage.press("G", "enter")
        assert "removed telnet 0.17" in stage.text


async def test_the_newest_comes_first_and_health_stands_between_what_happened() -> None:
    async with on_stage([host(*ALL)]) as stage:
        stage.source.changes = (Change(NOW - 395, "db3", Health.OK, Health.CRIT, "mysql failed"),)
        await stage.press("t")
        words = [row.split()[1] for row in listed(stage)]
        assert words == [
            *("Fri", "unit", "health", "unit", "sudo", "file", "login", "package"),
            *("Thu", "package"),
        ]
        assert "CRIT (was OK): mysql failed" in stage.text


async def test_a_filter_by_kind_leaves_only_that_and_escape_drops_it() -> None:
    async with on_stage([host(*ALL)]) as stage:
        await stage.press("t", "slash", *"kind:package", "enter")
        assert [row.split()[1] for row in listed(stage)] == ["Fri", "package", "Thu", "package"]
        await stage.press("escape")
        assert len(listed(stage)) == 9
        await stage.press("slash", *"!kind:login deploy", "enter")
        assert [row.split()[1] for row in listed(stage)] == ["Fri", "sudo"]


async def test_several_marked_hosts_are_one_story() -> None:
    states = [host(*ALL), host(EDITS, name="web1")]
    async with on_stage(states) as stage:
        await stage.press("asterisk", "t")
        rows = [row.split() for row in listed(stage)]
        assert {row[1] for row in rows if row[0] != "──"} == {"db3", "web1"}
        await stage.press("slash", *"host:web", "enter")
        assert [row.split()[1] for row in listed(stage)] == ["Fri", "web1"]


async def test_what_can_not_be_told_is_said_and_root_is_asked_only_where_it_knows_more() -> None:
    hidden = replace(UNITLOG, samples={("unitlog.readable", ""): 0.0})
    refused = Problem(ProblemKind.DENIED, "Changes, as root: sudo asks for a password")
    root = replace(reading("rootlog"), problem=refused)
    states = [host(*ALL, name="a"), host(PACKAGES, EDITS, hidden, AUTHLOG, root, name="b")]
    async with on_stage(states) as stage:
        await stage.press("asterisk", "t")
        assert "b: Changes, as root: sudo asks for a password" in stage.text
        wanted = {one[0]: one[1:] for one in stage.source.wanted}
        assert "rootlog" not in wanted["a"]
        assert "rootlog" in wanted["b"]


async def test_a_clock_that_is_off_is_corrected_and_that_is_said() -> None:
    ahead = 300.0
    clock = reading(
        "clock",
        {("clock.booted_at", ""): NOW - 1000 + ahead, ("clock.up_s", ""): 999.0},
    )
    uptime = reading("uptime", {("uptime.up_s", ""): 999.0})
    edits = replace(EDITS, rows=({**EDITS.rows[0], "at": NOW - 420 + ahead},))
    async with on_stage([host(edits, clock, uptime)], LARGE) as stage:
        await stage.press("t")
        assert "its clock is 5m ahead: corrected" in stage.text
        assert any("07:53:00" in row for row in listed(stage))


async def test_hostile_words_are_only_words() -> None:
    row = event(60.0, "file", f"written: {EVIL}", subject=EVIL, who=EVIL)
    async with on_stage([host(replace(EDITS, rows=(row,)))], LARGE) as stage:
        await stage.press("t")
        assert "\x1b" not in stage.text
        assert "[@click=app.quit]" in stage.text
        await stage.press("enter")
        assert "\x1b" not in stage.text


async def test_a_host_that_is_gone_says_so() -> None:
    async with on_stage([down("db3")]) as stage:
        await stage.press("t")
        assert "not reachable: what happened there is told when it is" in stage.text
