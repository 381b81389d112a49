"""The jobs of a session as screens see them: begun for real on this machine, and found again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core import clock
from opsdash.core.confirm import Tier
from opsdash.core.errors import Refused
from opsdash.core.fleet import this_machine
from opsdash.core.job import JobState, RunState
from opsdash.core.plan import Plan
from opsdash.core.run_plan import RunWish, run_plan
from opsdash.engine.job_desk import JobDesk
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.workshop import workshop_alone
from tests.own_place import own_locks
from tests.waiting import wait_for


def plan_of(command: str, plan_id: str = "p-1") -> Plan:
    return replace(run_plan(RunWish(command), ["here"]), id=plan_id, who="ann", at=clock.now())


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    own_locks(tmp_path, monkeypatch)

    @asynccontextmanager
    async def desk(read_only: str = "") -> AsyncIterator[JobDesk]:
        fleet = replace(this_machine("here"), read_only=read_only)
        async with workshop_alone(fleet, Surroundings(tmp_path / "state", root=False)) as shop:
            yield JobDesk(shop, clock.now)

    return desk


async def test_a_job_is_begun_followed_and_remembered(open_desk: Callable[..., object]) -> None:
    async with open_desk() as desk:  # type: ignore[attr-defined]
        before = desk.rev
        plan = plan_of("echo one; echo two >&2")
        assert desk.asked(plan).tier is Tier.YES_NO
        job = await desk.begin(plan)
        await wait_for(lambda: desk.here()[0].state is JobState.FINISHED)
        assert desk.rev > before
        (result,) = desk.here()[0].runs["here"].results
        assert (result.stdout, result.stderr) == (b"one\n", b"two\n")
    async with open_desk() as desk:  # type: ignore[attr-defined]
        assert desk.here() == []
        assert [one.id for one in await desk.remembered()] == [job.id]
        found = await desk.recall(job.id)
        assert found is not None
        assert found.runs["here"].results[0].stdout == b"one\n"
        assert await desk.recall("nosuch") is None


async def test_what_runs_is_seen_and_called_off(open_desk: Callable[..., object]) -> None:
    async with open_desk() as desk:  # type: ignore[attr-defined]
        job = await desk.begin(plan_of("echo begun; sleep 60"))

        def said() -> bytes:
            tail = desk.tail(job.id, "here", 3)
            return b"" if tail is None else tail.stdout

        await wait_for(lambda: said() == b"un\n")
        desk.cancel(job.id)
        await wait_for(lambda: desk.here()[0].state is JobState.CANCELLED)
        assert desk.here()[0].runs["here"].state is RunState.CANCELLED


async def test_read_only_refuses_before_and_when_it_begins(
    open_desk: Callable[..., object],
) -> None:
    async with open_desk("--read-only") as desk:  # type: ignore[attr-defined]
        assert "read-only" in desk.refusal(plan_of("true"))
        with pytest.raises(Refused, match="read-only"):
            await desk.begin(plan_of("true"))
        assert desk.here() == []
