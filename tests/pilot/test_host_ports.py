"""The ports on the host page: who listens, what is open to all, and what only root can tell."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState
from tests.fleet_states import EVIL, NOW, port, reading, up
from tests.screens import Stage, on_stage

TALL = (100, 90)


def listening(*rows: Row, told: int | None = None) -> Reading:
    count = float(len(rows) if told is None else told)
    return reading("ports", {("ports.listening", ""): count}, rows)


def with_readings(*readings: Reading) -> HostState:
    state = up("web")
    return replace(state, readings={**state.readings, **{r.collector: r for r in readings}})


async def section(stage: Stage) -> list[str]:
    """The section's lines on the first host's page."""
    await stage.press("enter")
    lines = stage.lines
    start = next(place for place, line in enumerate(lines) if line.startswith("PORTS"))
    end = next(place for place in range(start, len(lines)) if not lines[place])
    return lines[start:end]


async def test_a_port_is_one_line_whatever_addresses_it_has() -> None:
    async with on_stage([up("db")], TALL) as stage:
        lines = await section(stage)
    assert lines[0] == "PORTS      2 open to all, 1 on loopback"
    assert [line.split() for line in lines[2:5]] == [
        ["22/tcp", "all", "addresses", "81", "root", "sshd"],
        ["3306/tcp", "all", "addresses", "-", "mysql", "(mariadb)"],
        ["9100/tcp", "127.0.0.1", "81", "root", "node_exporter"],
    ]
    assert lines[-2].strip() == "41 connections: 38 established, 3 time-wait"
    assert lines[-1].strip() == "most with 10.0.2.11 24, 10.0.2.12 14"


async def test_what_root_saw_fills_the_gaps_and_nothing_is_said_of_root() -> None:
    owners = reading("listeners", rows=(port(3306, "mariadbd", pid=812),))
    async with on_stage([with_readings(owners)], TALL) as stage:
        text = "\n".join(await section(stage))
    assert "812  root       mariadbd" in text
    assert "root may" not in text


async def test_what_root_saw_long_ago_is_not_taken_for_now() -> None:
    owners = reading("listeners", rows=(port(3306, "mariadbd", pid=812),), at=NOW - 3600)
    async with on_stage([with_readings(owners)], TALL) as stage:
        text = "\n".join(await section(stage))
    assert "812" not in text
    assert "processes of others: root looked 60m ago, and looks again" in text


async def test_who_may_not_see_all_is_told_what_would_help() -> None:
    denied = Problem(ProblemKind.DENIED, "needs root: sudo asks for a password", "press # there")
    refused = Reading("web", "listeners", NOW - 1, problem=denied)
    said = "processes of others: needs root: sudo asks for a password; press # there"
    async with on_stage([with_readings(refused)], TALL) as stage:
        assert said in "\n".join(await section(stage))
    async with on_stage([up("web")], TALL) as stage:
        said = "processes of others: only root may see them"
        assert said in "\n".join(await section(stage))


async def test_of_many_ports_only_so_many_are_listed_and_the_rest_is_counted() -> None:
    rows = [port(8000 + number, "java") for number in range(150)]
    async with on_stage([with_readings(listening(*rows, told=900))], TALL) as stage:
        lines = await section(stage)
    assert lines[0] == "PORTS      150 open to all"
    assert lines[-1].strip() == "and 884 more"


async def test_nobody_listens_and_evil_names_are_text() -> None:
    async with on_stage([with_readings(listening())], TALL) as stage:
        assert await section(stage) == ["PORTS      nobody listens"]
    async with on_stage([with_readings(listening(port(1, EVIL)))], TALL) as stage:
        assert "evil[/red]" in "\n".join(await section(stage))
