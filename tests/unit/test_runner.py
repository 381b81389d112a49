"""The Runner: what a person's word, a gate, a guard and a full disk do to a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from opsdash.core.audit import Phase
from opsdash.core.errors import Refused
from opsdash.core.health import Health
from opsdash.core.job import JobState, RunState
from opsdash.core.plan import OnFailure, Rollout
from opsdash.engine import attend
from opsdash.engine.health_gate import HealthGate, Sight
from opsdash.engine.job_handle import JobHandle
from tests.fake_hands import FakeHands, KeptAudit
from tests.runners import plan_of, runner
from tests.waiting import wait_for


async def until_begun(hands: FakeHands, count: int) -> None:
    await wait_for(lambda: len(hands.ran) >= count, what="the steps")


async def test_what_is_called_off_is_ended_and_what_had_ended_is_not_reported_as_called_off() -> (
    None
):
    hands = FakeHands({"b one": "hang", "c one": "fail"})
    handle = await runner(hands).begin(
        plan_of(("a", "b", "c", "d"), rollout=Rollout(at_a_time=3, on_failure=OnFailure.CONTINUE))
    )
    await until_begun(hands, 4)
    await wait_for(lambda: not handle.job().in_state(RunState.WAITING))
    handle.cancel()
    job = await handle.wait()
    assert [run.state for run in job.runs.values()] == [
        RunState.DONE,
        RunState.CANCELLED,
        RunState.FAILED,
        RunState.DONE,
    ]
    assert job.state is JobState.CANCELLED
    assert job.runs["b"].text == "called off in one; what ran there was ended"


async def test_a_host_whose_end_is_not_confirmed_may_still_run_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attend, "ENDING_S", 0.01)
    hands = FakeHands({"a one": "hang"}, deaf=True)
    handle = await runner(hands).begin(plan_of(("a", "b"), rollout=Rollout(at_a_time=1)))
    await until_begun(hands, 1)
    handle.cancel()
    job = await handle.wait()
    assert job.runs["a"].text == "called off in one; it may still run there"
    assert job.runs["b"].state is RunState.NOT_BEGUN


async def test_one_host_is_called_off_and_the_others_go_on() -> None:
    hands = FakeHands({"a one": "hang", "b one": "hang"})
    handle = await runner(hands).begin(plan_of(("a", "b")))
    await until_begun(hands, 2)
    handle.cancel(["a"])
    await wait_for(lambda: handle.run_of("a").state is RunState.CANCELLED)
    hands.release.set()
    job = await handle.wait()
    assert job.state is JobState.FINISHED
    assert job.runs["b"].state is RunState.DONE


async def test_a_canary_that_fails_stops_the_waves_and_says_why() -> None:
    hands = FakeHands({"a one": "fail"})
    rollout = Rollout(canary=1, wave=2, failures=9)
    job = await (await runner(hands).begin(plan_of("abcd", rollout=rollout))).wait()
    assert job.state is JobState.STOPPED
    assert job.stopped == "the canary failed: a: one: status 3: it is broken"
    assert [run.state for run in job.runs.values()][1:] == [RunState.NOT_BEGUN] * 3
    assert hands.ran == [("a", "one")]


async def test_a_host_that_can_not_be_reached_counts_as_failed() -> None:
    hands = FakeHands({"a": "unreachable", "b": "unreachable"})
    rollout = Rollout(at_a_time=1, failures=1)
    job = await (await runner(hands).begin(plan_of("abcd", rollout=rollout))).wait()
    assert job.stopped == "2 hosts failed, where 1 may: a: no route to a"
    assert len(job.in_state(RunState.NOT_BEGUN)) == 2


def gate_of(*looks: Mapping[str, Health]) -> HealthGate:
    left = list(looks)

    async def look(hosts: Sequence[str]) -> Mapping[str, Sight]:
        seen = left.pop(0) if len(left) > 1 else left[0]
        return {name: Sight(health, "unit x failed") for name, health in seen.items()}

    return HealthGate(look, within_s=0.05, pause_s=0.01)


@pytest.mark.parametrize(
    ("after", "stopped"),
    [
        ({"a": Health.OK}, ""),
        ({"a": Health.CRIT}, "after the wave a is CRIT and was OK: unit x failed"),
        ({}, "after the wave a is UNKNOWN and was OK: nothing is known of it"),
    ],
)
async def test_a_gate_lets_the_next_wave_through_only_if_the_last_is_as_well_as_before(
    after: Mapping[str, Health], stopped: str
) -> None:
    hands = FakeHands()
    gate = gate_of({"a": Health.OK}, after)
    plan = plan_of("ab", rollout=Rollout(canary=1, gate=True))
    job = await (await runner(hands, gate=gate).begin(plan)).wait()
    assert job.stopped == stopped
    assert (job.runs["b"].state is RunState.NOT_BEGUN) == bool(stopped)


async def test_a_host_that_recovers_in_time_opens_the_gate() -> None:
    gate = gate_of({"a": Health.OK}, {"a": Health.DOWN}, {"a": Health.OK})
    plan = plan_of("ab", rollout=Rollout(canary=1, gate=True))
    job = await (await runner(FakeHands(), gate=gate).begin(plan)).wait()
    assert job.state is JobState.FINISHED


async def test_what_the_guard_refuses_does_nothing_and_is_written_down() -> None:
    hands, audit = FakeHands(), KeptAudit()
    refusing = runner(hands, audit, refusal=lambda plan, now: "it is read-only")
    with pytest.raises(Refused, match="it is read-only"):
        await refusing.begin(plan_of("ab"))
    assert hands.ran == []
    assert [(one.phase, one.text) for one in audit.entries] == [(Phase.REFUSED, "it is read-only")]


async def test_without_its_line_in_the_audit_log_no_step_begins() -> None:
    hands = FakeHands()
    job = await (await runner(hands, KeptAudit(full=True)).begin(plan_of("a"))).wait()
    assert hands.ran == []
    assert job.runs["a"].text == "one was not begun: the disk is full"
    assert job.runs["a"].state is RunState.FAILED


async def test_a_host_that_another_plan_holds_is_left_alone_and_says_who_holds_it() -> None:
    hands = FakeHands({"a lock": "p0"})
    job = await (await runner(hands).begin(plan_of("a"))).wait()
    assert hands.ran == []
    assert job.runs["a"].text.startswith("nothing was done: ann@desk changes this host since 2027")


async def test_a_plan_that_only_reads_asks_for_no_lock() -> None:
    hands = FakeHands({"a lock": "p0"})
    job = await (await runner(hands).begin(plan_of("a", reads_only=True))).wait()
    assert job.runs["a"].state is RunState.DONE


async def test_a_job_goes_on_with_what_never_began_and_repeats_no_step_unasked() -> None:
    hands = FakeHands({"a two": "hang"})
    rollout = Rollout(at_a_time=1)
    first = runner(hands)
    handle = await first.begin(plan_of("abc", ("one", "two"), rollout))
    await until_begun(hands, 2)
    broken = handle.job()
    await first.close()
    hands.ran.clear()
    hands.release.set()
    job = await (await runner(hands).resume(broken)).wait()
    assert job.runs["a"].state is RunState.FAILED
    assert "broke off in mid-step" in job.runs["a"].text
    assert hands.ran == [(host, step) for host in "bc" for step in ("one", "two")]
    hands.ran.clear()
    job = await (await runner(hands).resume(broken, again=["a"])).wait()
    assert hands.ran[0] == ("a", "two")
    assert job.runs["a"].state is RunState.DONE


async def test_what_runs_shows_what_it_has_put_out_and_every_change_can_be_waited_for() -> None:
    hands = FakeHands({"a one": "hang"})
    handle: JobHandle = await runner(hands).begin(plan_of("a"))
    while (live := handle.live("a")) is None:
        await handle.change(handle.rev)
    assert live.stdout == b"a says hang\n"
    hands.release.set()
    await handle.wait()
    assert handle.live("a") is None


async def test_a_plan_runs_once_at_a_time() -> None:
    hands = FakeHands({"a one": "hang"})
    busy = runner(hands)
    await busy.begin(plan_of("a"))
    with pytest.raises(Refused, match="runs already"):
        await busy.begin(plan_of("a"))
    await busy.close()
