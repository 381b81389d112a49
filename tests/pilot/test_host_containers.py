"""The containers on the host page: who is unwell first, and nothing where there are none."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState
from tests.case_files import reading_of
from tests.fleet_states import NOW, up
from tests.screens import on_stage

TALL = (100, 110)


def from_case(collector: str, name: str) -> Reading:
    """What a collector makes of a recorded answer."""
    return reading_of(collector, name, NOW - 1)


def with_readings(*readings: Reading) -> HostState:
    state = up("web")
    return replace(state, readings={**state.readings, **{one.collector: one for one in readings}})


async def section(title: str, state: HostState) -> list[str]:
    """A section's lines on the host's page; none where it is not there."""
    async with on_stage([state], TALL) as stage:
        await stage.press("enter")
        lines = stage.lines
    start = next((at for at, text in enumerate(lines) if text.startswith(title)), None)
    if start is None:
        return []
    end = next(at for at in range(start, len(lines)) if not lines[at])
    return lines[start:end]


async def test_containers_that_are_unwell_come_first_and_why() -> None:
    lines = await section("CONTAINERS", with_readings(from_case("containers", "docker-and-podman")))
    assert lines[0] == "CONTAINERS 5 of 11 containers running  4 unwell"
    assert lines[2].endswith("samba-container      Restarting (1) 6 seconds ago")
    assert lines[3].strip() == "restarted 214 times, dperson/samba"
    text = "\n".join(lines)
    assert "astroneer-server-1   Up 2 minutes (unhealthy)" in text
    assert "worker               Exited (137) 3 hours ago" in text
    assert "  killed: out of memory, shop/worker:2.1" in text
    assert "frp_client           Up 35 hours (healthy)  snowdreamtech/frpc:alpine" in text
    names = [line.split()[2] for line in lines[2:] if len(line.split()) > 2]
    assert names.index("worker") < names.index("nginx") < names.index("never-started")
    nginx = next(line for line in lines if " nginx " in line)
    assert nginx.split()[:3] == ["100", "70M", "nginx"]


async def test_where_only_root_may_ask_it_is_said_and_root_fills_it_in() -> None:
    closed = from_case("containers", "closed-and-dead")
    lines = await section("CONTAINERS", with_readings(closed))
    assert "containers of docker: only root may see them" in lines[-1]
    assert "podman: Error: database configuration mismatch" in lines[1]
    denied = Problem(ProblemKind.DENIED, "needs root: sudo asks for a password", "press # there")
    refused = Reading("web", "engines", NOW - 1, problem=denied)
    assert "press # there" in "\n".join(await section("CONTAINERS", with_readings(closed, refused)))
    evil = from_case("engines", "hostile-names")
    text = "\n".join(await section("CONTAINERS", with_readings(closed, evil)))
    assert "[red]evil[/]" in text
    assert "only root" not in text


async def test_an_engine_that_is_dead_says_so() -> None:
    none = replace(from_case("containers", "closed-and-dead"), rows=())
    dead = from_case("engines", "docker-does-not-run")
    lines = await section("CONTAINERS", with_readings(none, dead))
    assert lines[1].strip().startswith("docker: Cannot connect to the Docker daemon")


async def test_without_an_engine_there_is_no_section() -> None:
    none = replace(from_case("containers", "closed-and-dead"), rows=())
    assert await section("CONTAINERS", with_readings(none)) == []
    assert await section("CONTAINERS", up("web")) == []
