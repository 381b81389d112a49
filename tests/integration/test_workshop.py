"""Plans on a real SSH server: by connections of their own, and by those of a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.core.audit import Phase
from opsdash.core.fleet import Fleet
from opsdash.core.job import JobState, RunState
from opsdash.core.plan import Danger, HostSteps, Plan, Rollout, Step, StepKind
from opsdash.core.snapshot import LinkState
from opsdash.engine.job_handle import JobHandle
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.workshop import Workshop, workshop_alone
from tests.own_place import own_locks
from tests.ssh_server import Behaviour, TestServer, ssh_server
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All these hosts are one machine, and so are those of other tests."""
    own_locks(tmp_path, monkeypatch)


def plan_of(*scripts: str, plan_id: str = "p1", stdin: bytes | None = None) -> Plan:
    steps = tuple(
        Step(StepKind.RUN, f"step {number}", script, stdin=stdin)
        for number, script in enumerate(scripts)
    )
    return Plan(plan_id, "run", "Run", Danger.CHANGES, (HostSteps("web1", steps),), who="ann")


@asynccontextmanager
async def workshop(
    tmp_path: Path, behaviour: Behaviour | None = None
) -> AsyncGenerator[tuple[Workshop, TestServer], None]:
    async with ssh_server(tmp_path / "server", behaviour) as server:
        fleet = Fleet(MappingProxyType({"web1": server.host}))
        async with workshop_alone(fleet, Surroundings(tmp_path / "state")) as made:
            yield made, server


async def heard(handle: JobHandle, what: bytes) -> None:
    """Wait until a step has put this out."""
    async with asyncio.timeout(10):
        while what not in (((live := handle.live("web1")) and live.stdout) or b""):
            await handle.change(handle.rev)


async def test_a_plan_runs_on_a_host_and_all_of_it_is_written_down(tmp_path: Path) -> None:
    async with workshop(tmp_path) as (shop, _):
        plan = plan_of("echo $((6 * 7)); cat; exit 0", "echo no >&2; exit 3", stdin=b"and in\n")
        job = await (await shop.runner.begin(plan)).wait()
        run = job.runs["web1"]
        assert run.state is RunState.FAILED
        assert run.text == "step 2 of 2 (step 1): status 3: no"
        assert [one.stdout for one in run.results] == [b"42\nand in\n", b""]
        assert shop.jobs.read("p1") == job
        entries = await shop.audit.entries()
        assert [(one.phase, one.exit_status) for one in entries] == [
            (Phase.BEGIN, None),
            (Phase.END, 0),
            (Phase.BEGIN, None),
            (Phase.END, 3),
        ]
        assert not list((tmp_path / "locks").iterdir())


async def test_files_are_put_and_got_and_what_puts_out_too_much_is_ended(tmp_path: Path) -> None:
    there = str(tmp_path / "a file")
    steps = (
        Step(StepKind.PUT, "put it", path=there, stdin=b"its content", expects="gone"),
        Step(StepKind.GET, "get it", path=there),
        Step(StepKind.RUN, "flood", "while :; do echo y; done", max_bytes=10_000),
    )
    async with workshop(tmp_path) as (shop, _):
        plan = replace(plan_of(), hosts=(HostSteps("web1", steps),))
        run = (await (await shop.runner.begin(plan)).wait()).runs["web1"]
    assert [one.ok for one in run.results] == [True, True, False]
    assert run.results[1].stdout == b"its content"
    assert len(run.results[2].stdout) == 10_000
    assert run.text == "step 3 of 3 (flood): put out more than 9.8K, and was ended"


async def test_two_programs_can_not_change_one_host_together(tmp_path: Path) -> None:
    async with workshop(tmp_path) as (first, server):
        fleet = Fleet(MappingProxyType({"web1": server.host}))
        async with workshop_alone(fleet, Surroundings(tmp_path / "other")) as second:
            gone = tmp_path / "gone"
            waiting = f"while [ ! -e {gone} ]; do sleep 0.05; done"
            handle = await first.runner.begin(plan_of(waiting, "true"))
            await wait_for(lambda: handle.run_of("web1").begun > 0)
            job = await (await second.runner.begin(plan_of("true", plan_id="p2"))).wait()
            assert job.runs["web1"].state is RunState.FAILED
            assert job.runs["web1"].text.startswith("nothing was done: ann changes this host since")
            gone.touch()
            await handle.wait()
            again = await (await second.runner.begin(plan_of("true", plan_id="p3"))).wait()
            assert again.runs["web1"].state is RunState.DONE


async def test_what_is_called_off_ends_on_the_host_too(tmp_path: Path) -> None:
    behaviour = Behaviour()
    async with workshop(tmp_path, behaviour) as (shop, _):
        handle = await shop.runner.begin(plan_of("echo on; sleep 100"))
        await heard(handle, b"on\n")
        handle.cancel()
        job = await handle.wait()
        assert job.state is JobState.CANCELLED
        assert job.runs["web1"].text == "called off in step 0; what ran there was ended"
        await wait_for(lambda: not behaviour.pids, what="the end of the command")


async def test_a_connection_that_breaks_in_mid_step_is_reported_and_not_called_done(
    tmp_path: Path,
) -> None:
    behaviour = Behaviour()
    async with workshop(tmp_path, behaviour) as (shop, _):
        handle = await shop.runner.begin(plan_of("echo on; sleep 100", "true"))
        await heard(handle, b"on\n")
        behaviour.drop_all()
        job = await handle.wait()
        run = job.runs["web1"]
        assert run.state is RunState.FAILED
        assert run.text.startswith("step 1 of 2 (step 0): the connection")
        assert run.text.endswith("it may still run there")


async def test_a_host_that_can_not_be_reached_says_why(tmp_path: Path) -> None:
    async with ssh_server(tmp_path / "server") as server:
        nowhere = replace(server.host, port=1)
        fleet = Fleet(MappingProxyType({"web1": nowhere}))
        async with workshop_alone(fleet, Surroundings(tmp_path / "state")) as shop:
            job = await (await shop.runner.begin(plan_of("true"))).wait()
    assert job.runs["web1"].state is RunState.UNREACHABLE
    assert "refused" in job.runs["web1"].text


async def test_a_session_lends_its_connection_and_its_eyes(tmp_path: Path) -> None:
    behaviour = Behaviour()
    async with ssh_server(tmp_path / "server", behaviour) as server:
        hosts = {name: replace(server.host, name=name) for name in ("web1", "web2")}
        fleet = Fleet(MappingProxyType(hosts))
        async with Session(fleet, Surroundings(tmp_path / "state", root=False)) as session:
            await wait_for(
                lambda: all(
                    one.link.state is LinkState.UP for one in session.snapshot().hosts.values()
                )
            )
            opened = len(behaviour.connections)
            plan = replace(
                plan_of("echo hi"),
                hosts=tuple(HostSteps(name, plan_of("echo hi").hosts[0].steps) for name in hosts),
                rollout=Rollout(canary=1, gate=True),
            )
            job = await (await session.workshop.runner.begin(plan)).wait()
            assert job.state is JobState.FINISHED, job.stopped
            assert {run.state for run in job.runs.values()} == {RunState.DONE}
            assert len(behaviour.connections) <= opened + 2  # logins are probed beside
