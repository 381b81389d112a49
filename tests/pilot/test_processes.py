"""The page of processes: in an order, as a tree, filtered; its cursor stays on its process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Cell, Reading, Row
from opsdash.core.snapshot import HostState
from tests.fleet_states import EVIL, NOW, down, reading, up
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

ROOM = (100, 30)


def process(pid: int, name: str, parent: int = 1, **facts: Cell) -> Row:
    """A row of the collector, idle unless said otherwise."""
    row: dict[str, Cell] = {
        "pid": pid,
        "parent": parent,
        "user": "root",
        "cores": 0.0,
        "memory_bytes": 5e6,
        "io_bytes_s": None,
        "state": "S",
        "cpu_s": 12.0,
        "age_s": 7200.0,
        "start": 100 + pid,
        "threads": 1,
        "nice": 0,
        "unit": f"{name}.service",
        "name": name,
        "args": f"/usr/sbin/{name}",
    }
    return {**row, **facts}


MYSQLD: dict[str, Any] = {"cores": 2.8, "memory_bytes": 6.8e9, "user": "mysql", "threads": 44}
USUAL = (
    process(1, "systemd", 0, unit="init.scope", args="/sbin/init"),
    process(2, "kthreadd", 0, args="", unit=""),
    process(81, "sshd", args="sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
    process(700, "sshd", 81, args="sshd: ops [priv]", unit="session-4.scope"),
    process(701, "bash", 700, user="ops", args="-bash", unit="session-4.scope"),
    process(812, "mysqld", args="/usr/sbin/mysqld --datadir=/var/lib/mysql --user=mysql", **MYSQLD),
    process(900, "backup", 701, user="ops", cores=0.4, state="D", args="tar -c /srv /var/lib/shop"),
    process(901, "gzip", 900, user="ops", cores=0.95, state="R", args="gzip -9", nice=10),
    process(950, "worker", 812, state="Z", args="", memory_bytes=0.0),
)


def listing(rows: Iterable[Row] = USUAL, seen: int = 0, hidden: float = 0.0) -> Reading:
    found = tuple(rows)
    samples = {("ps.seen", ""): float(seen or len(found)), ("ps.hidden", ""): hidden}
    return reading("ps", samples, found)


def host(*readings: Reading, name: str = "db3") -> HostState:
    state = up(name)
    return replace(state, readings={**state.readings, **{one.collector: one for one in readings}})


def listed(stage: Stage) -> list[str]:
    """The ids on the screen, from the top."""
    lines = stage.lines
    start = next(at for at, text in enumerate(lines) if text.lstrip().startswith("PID")) + 1
    words = [line.split() for line in lines[start:]]
    return [found[0] for found in words if found and found[0].isdigit()]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_the_page_looks_like_this(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with on_stage([host(listing())], size) as stage:
        await stage.press("P")
        assert_snapshot(f"processes-{name}", stage.text)
        await stage.press("t")
        assert_snapshot(f"processes-tree-{name}", stage.text)


async def test_whoever_takes_most_of_what_a_key_chooses_comes_first() -> None:
    rows = [*USUAL[:6], {**USUAL[6], "io_bytes_s": 3e8}, *USUAL[7:]]
    async with on_stage([host(listing(rows))], ROOM) as stage:
        await stage.press("P")
        assert listed(stage)[:3] == ["812", "901", "900"]
        await stage.press("o")
        assert listed(stage)[:2] == ["812", "901"]
        await stage.press("o")
        assert listed(stage)[:1] == ["900"]
        assert "by disk" in stage.lines[0]


async def test_in_the_tree_the_greediest_branch_is_first_and_all_stand_below_their_parents() -> (
    None
):
    async with on_stage([host(listing())], ROOM) as stage:
        await stage.press("P", "t")
        assert listed(stage) == ["1", "812", "950", "81", "700", "701", "900", "901", "2"]


async def test_a_filter_holds_while_it_is_typed_and_escape_drops_it() -> None:
    async with on_stage([host(listing())], ROOM) as stage:
        await stage.press("P", "/", *"user:ops !gzip")
        assert listed(stage) == ["900", "701"]
        await stage.press("enter")
        assert "2 of 9 processes" in stage.lines[0]
        await stage.press("t")
        assert listed(stage) == ["1", "81", "700", "701", "900"]
        await stage.press("escape")
        assert len(listed(stage)) == 9
        await stage.press("/", *"state:z", "enter")
        assert listed(stage) == ["1", "812", "950"]
        await stage.press("/", *" nothing", "enter")
        assert "no process fits state:z nothing" in stage.text


async def test_the_cursor_stays_on_its_process_when_rows_move() -> None:
    async with on_stage([host(listing())], ROOM) as stage:
        await stage.press("P", "j")
        assert "gzip 901" in stage.text
        rows = [{**row, "cores": 9.0} if row["pid"] == 81 else row for row in USUAL]
        stage.source.put(host(listing(rows)))
        await stage.draw()
        assert listed(stage)[0] == "81"
        assert "── gzip 901" in stage.text
        reused = [{**row, "start": 5, "cores": 0.0} if row["pid"] == 901 else row for row in rows]
        stage.source.put(host(listing(reused)))
        await stage.draw()
        assert "── gzip 901" not in stage.text


async def test_the_whole_command_line_and_the_relatives_stand_on_a_page_of_their_own() -> None:
    words = " ".join(f"--option-{number}=x" for number in range(60))
    rows = (*USUAL, process(990, "java", 900, cores=4.0, args=f"java {words}"))
    async with on_stage([host(listing(rows))], ROOM) as stage:
        await stage.press("P", "enter")
        assert "java 990 on db3" in stage.lines[0]
        assert "--option-59=x" in stage.text
        assert "tar -c /srv /var/lib/shop" in stage.text
        await stage.press("q", "q")
        assert stage.app.page is not None
        assert stage.app.page.slug == "fleet"


async def test_a_part_of_the_list_is_not_taken_for_the_whole() -> None:
    async with on_stage([host(listing(seen=30_000))], ROOM) as stage:
        await stage.press("P")
        assert "9 of 30000 processes" in stage.lines[0]
        assert stage.lines[1].startswith("the 9 that take most")


async def test_what_may_not_be_seen_is_said() -> None:
    async with on_stage([host(listing(hidden=1.0))], ROOM) as stage:
        await stage.press("P")
        assert "those of other users are hidden here (hidepid)" in stage.text
        await stage.press("o", "o")
        assert "what others read and write only root may see" in stage.text


async def test_what_root_saw_is_shown_with_its_age_and_only_for_the_same_process() -> None:
    moved = (
        {"pid": 812, "start": 912, "io_bytes_s": 2.5e6},
        {"pid": 81, "start": 4, "io_bytes_s": 9e9},
    )
    state = host(listing(), reading("procio", rows=moved, at=NOW - 34))
    async with on_stage([state], ROOM) as stage:
        await stage.press("P", "o", "o")
        assert "of others as root saw it 34s ago" in stage.text
        assert listed(stage)[0] == "812"
        row = next(line for line in stage.lines if line.split()[:1] == ["81"])
        assert row.split()[5] == "0B"


async def test_without_a_list_the_page_says_why() -> None:
    late = Problem(ProblemKind.TIMEOUT, "Every process: no answer within 20s")
    for state, said in (
        (up("db3"), "asking for them"),
        (down("db3"), "db3 can't be reached"),
        (host(Reading("db3", "ps", NOW, problem=late)), "no answer within 20s"),
        (host(listing((), hidden=1.0)), "there is no process that may be seen"),
    ):
        async with on_stage([state], ROOM) as stage:
            await stage.press("P")
            assert said in stage.text


async def test_evil_names_are_text_and_the_page_alone_wants_the_list() -> None:
    rows = (process(66, EVIL, args=EVIL, user=EVIL, unit=EVIL),)
    async with on_stage([host(listing(rows))], ROOM) as stage:
        assert not [one for one in stage.source.wanted if "ps" in one]
        await stage.press("P")
        assert ("db3", "ps", "procio") in stage.source.wanted
        assert "evil[/red]" in stage.text
        await stage.press("enter")
        assert "evil[/red]" in stage.text
