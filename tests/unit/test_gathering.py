"""Hosts that wait for each other: what is done once for all of a wave, whoever fails on the way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from opsdash.core.job import Job, JobState, RunState
from opsdash.core.plan import HostSteps, OnFailure, Plan, Rollout, Step, StepKind
from opsdash.engine.job_handle import JobHandle
from tests.fake_hands import FakeHands
from tests.runners import plan_of, runner
from tests.waiting import wait_for

HOSTS = ("a", "b", "c")


def together(hosts: Sequence[str] = HOSTS, rollout: Rollout | None = None, times: int = 1) -> Plan:
    step = Step(StepKind.TOGETHER, "all of it", "one")
    plan = replace(plan_of(hosts), hosts=tuple(HostSteps(one, (step,) * times) for one in hosts))
    return plan if rollout is None else replace(plan, rollout=rollout)


def done_for(hands: FakeHands) -> list[str]:
    """For which hosts something was run here, run by run."""
    return [
        found[1]
        for host, script in hands.ran
        if host == "here" and (found := re.match(r"OPSDASH_HOSTS='([^']*)'; export", script))
    ]


async def ended(hands: FakeHands, plan: Plan) -> Job:
    return await (await runner(hands).begin(plan)).wait()


async def begun(hands: FakeHands, plan: Plan) -> JobHandle:
    handle = await runner(hands).begin(plan)
    await wait_for(lambda: done_for(hands) != [], what="the run of all")
    return handle


async def test_it_is_done_once_and_all_share_the_answer() -> None:
    hands = FakeHands()
    job = await ended(hands, together(rollout=Rollout(at_a_time=1)))
    assert job.state is JobState.FINISHED
    assert done_for(hands) == ["a,b,c"]
    assert len(job.in_state(RunState.DONE)) == 3
    assert {run.results[0].stdout for run in job.runs.values()} == {b"here says ok\n"}


async def test_a_canary_and_waves_are_a_run_each() -> None:
    hands = FakeHands()
    job = await ended(hands, together(("a", "b", "c", "d"), Rollout(canary=1, wave=2)))
    assert len(job.in_state(RunState.DONE)) == 4
    assert done_for(hands) == ["a", "b,c", "d"]


async def test_who_can_not_be_reached_is_not_waited_for() -> None:
    hands = FakeHands({"b": "unreachable", "c lock": "another-plan"})
    go_on = Rollout(on_failure=OnFailure.CONTINUE)
    job = await ended(hands, together(rollout=go_on))
    assert done_for(hands) == ["a"]
    states = [run.state for run in job.runs.values()]
    assert states == [RunState.DONE, RunState.UNREACHABLE, RunState.FAILED]


async def test_two_steps_are_two_meetings() -> None:
    hands = FakeHands()
    job = await ended(hands, together(times=2))
    assert done_for(hands) == ["a,b,c"] * 2
    assert all(len(run.results) == 2 for run in job.runs.values())


async def test_who_is_called_off_leaves_and_the_last_one_ends_it() -> None:
    script = "OPSDASH_HOSTS='a,b,c'; export OPSDASH_HOSTS\none"
    hands = FakeHands({script: "hang"})
    handle = await begun(hands, together())
    handle.cancel(["a"])
    await wait_for(lambda: handle.job().runs["a"].state is RunState.CANCELLED)
    assert handle.job().runs["a"].text == "called off in all of it; it may still run there"
    assert handle.job().runs["b"].state is RunState.RUNNING
    handle.cancel()
    job = await handle.wait()
    assert [run.state for run in job.runs.values()] == [RunState.CANCELLED] * 3
    assert "what ran there was ended" in job.runs["c"].text
    assert hands.held == set()


async def test_a_failure_of_the_run_is_told_of_all() -> None:
    script = "OPSDASH_HOSTS='a,b,c'; export OPSDASH_HOSTS\none"
    for end, words in (("fail", "status 3: it is broken"), ("timeout", "no answer within 60s")):
        job = await ended(FakeHands({script: end}), together())
        assert all(words in run.text for run in job.runs.values()), end


async def test_a_bug_leaves_nobody_waiting() -> None:
    script = "OPSDASH_HOSTS='a,b,c'; export OPSDASH_HOSTS\none"
    job = await ended(FakeHands({script: "bug"}), together())
    assert len(job.in_state(RunState.FAILED)) == 3
    assert "a bug of opsdash" in job.runs["a"].text
