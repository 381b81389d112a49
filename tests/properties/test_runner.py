"""Whatever hosts do and whoever calls it off: each host ends in one state, and budgets hold."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.audit import Phase
from opsdash.core.job import Job, JobState, RunState
from opsdash.core.plan import OnFailure, Rollout
from opsdash.engine import attend, host_course
from tests.fake_hands import FakeHands, KeptAudit
from tests.runners import plan_of, runner

ENDS = ("ok", "ok", "ok", "fail", "hang", "lost", "timeout", "bug", "unreachable", "lock")
FAILED = (
    RunState.FAILED,
    RunState.TIMEOUT,
    RunState.UNREACHABLE,
    RunState.CANCELLED,
)
limits = st.none() | st.integers(0, 3)
rollouts = st.builds(
    Rollout,
    canary=st.integers(0, 3),
    wave=st.integers(0, 4),
    at_a_time=st.integers(1, 5),
    wave_failures=limits,
    failures=limits,
    on_failure=st.sampled_from(OnFailure),
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs is given up at once."""
    monkeypatch.setattr(host_course, "GRACE_S", 0.0)
    monkeypatch.setattr(attend, "ENDING_S", 0.01)


async def applied(
    ends: list[str], rollout: Rollout, off_after: int | None
) -> tuple[Job, FakeHands, KeptAudit]:
    names = [f"h{number}" for number in range(len(ends))]
    told: dict[str, str] = {}
    for name, end in zip(names, ends, strict=True):
        match end:
            case "unreachable":
                told[name] = end
            case "lock":
                told[f"{name} lock"] = "p0"
            case _:
                told[f"{name} two"] = end
    hands, audit = FakeHands(told), KeptAudit()
    brief = [name for name, end in zip(names, ends, strict=True) if end == "hang"]
    plan = plan_of(names, ("one", "two", "three"), rollout, brief=brief)
    handle = await runner(hands, audit).begin(plan)
    if off_after is not None:
        for _ in range(off_after):
            await asyncio.sleep(0)
        handle.cancel()
    async with asyncio.timeout(20):
        return await handle.wait(), hands, audit


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(ENDS), min_size=1, max_size=12),
    rollouts,
    st.none() | st.integers(0, 60),
)
def test_each_host_of_an_ended_job_is_in_one_state_and_no_budget_is_exceeded(
    ends: list[str], rollout: Rollout, off_after: int | None
) -> None:
    job, hands, audit = asyncio.run(applied(ends, rollout, off_after))
    assert job.state in (JobState.FINISHED, JobState.STOPPED, JobState.CANCELLED)
    assert list(job.runs) == list(job.plan.names())
    assert all(run.state.ended for run in job.runs.values())
    assert not hands.held
    assert hands.most <= rollout.at_a_time
    _each_host_did_what_it_says(ends, job, hands)
    _every_step_is_audited(hands, audit)
    _no_budget_is_exceeded(rollout, job)
    if job.state is JobState.FINISHED:
        assert not job.in_state(RunState.NOT_BEGUN)
    if job.state is JobState.CANCELLED:
        assert off_after is not None
    elif off_after is None:
        assert not job.in_state(RunState.CANCELLED)


def _each_host_did_what_it_says(ends: list[str], job: Job, hands: FakeHands) -> None:
    for end, run in zip(ends, job.runs.values(), strict=True):
        ran = [script for host, script in hands.ran if host == run.host]
        assert len(ran) == len(set(ran)) == run.begun
        match run.state:
            case RunState.DONE:
                assert end == "ok"
                assert ran == ["one", "two", "three"]
            case RunState.NOT_BEGUN:
                assert ran == []
            case RunState.UNREACHABLE:
                assert end == "unreachable"
            case RunState.TIMEOUT:
                assert end in ("timeout", "hang")
            case RunState.FAILED:
                assert end in ("fail", "lost", "bug", "lock")
            case RunState.CANCELLED:
                assert "called off" in run.text
        assert run.text or run.state is RunState.DONE


def _every_step_is_audited(hands: FakeHands, audit: KeptAudit) -> None:
    begun = [(one.host, one.command) for one in audit.entries if one.phase is Phase.BEGIN]
    assert sorted(begun) == sorted(hands.ran)
    # a bug of ours is the one thing that ends a step without a word
    ended = {(one.host, one.command) for one in audit.entries if one.phase is Phase.END}
    bugs = {
        (host, script) for host, script in hands.ran if hands.ends.get(f"{host} {script}") == "bug"
    }
    assert set(begun) - bugs <= ended


def _no_budget_is_exceeded(rollout: Rollout, job: Job) -> None:
    failed = len(job.in_state(*FAILED))
    at_once = rollout.at_a_time - 1
    limit = rollout.failures
    if limit is None and rollout.wave_failures is None and rollout.on_failure is OnFailure.STOP:
        limit = 0
    if limit is not None:
        assert failed <= limit + 1 + at_once
    if rollout.wave_failures is not None:
        for wave in job.plan.waves():
            of_wave = [name for name in wave if job.runs[name].state in FAILED]
            assert len(of_wave) <= rollout.wave_failures + 1 + at_once
    if rollout.canary and rollout.on_failure is OnFailure.STOP:
        canary, *later = job.plan.waves()
        if any(job.runs[name].state in FAILED for name in canary):
            assert all(
                job.runs[name].state is RunState.NOT_BEGUN for wave in later for name in wave
            )
