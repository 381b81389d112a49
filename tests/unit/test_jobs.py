"""The journal: what is on disk when everything ends at any moment."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.errors import Refused
from opsdash.core.job import HostRun, Job, JobState, RunState
from opsdash.core.plan import Rollout
from opsdash.engine.runner import Grounds, Runner
from opsdash.store import jobs as jobs_module
from opsdash.store.jobs import Jobs, JobsError
from tests.fake_hands import FakeHands, KeptAudit
from tests.runners import allowed, plan_of
from tests.waiting import wait_for


def runner(jobs: Jobs, hands: FakeHands) -> Runner:
    """A Runner that writes a journal."""
    audit = KeptAudit()
    return Runner(Grounds(hands, audit, allowed, lambda: 1_800_000_000.0, journal_of=jobs.of))


async def test_a_job_that_ended_is_read_as_it_was(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    hands = FakeHands({"b two": "fail", "c": "unreachable"})
    rollout = Rollout(at_a_time=1, failures=1)
    handle = await runner(jobs, hands).begin(plan_of("abcde", ("one", "two"), rollout))
    job = await handle.wait()
    assert jobs.read("p1") == job
    assert [one.state for one in job.runs.values()][2:] == [
        RunState.UNREACHABLE,
        RunState.NOT_BEGUN,
        RunState.NOT_BEGUN,
    ]
    (path,) = (tmp_path / "jobs").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_job_cut_off_at_any_line_goes_on_and_repeats_no_step(
    tmp_path: Path,
) -> None:
    jobs = Jobs(tmp_path)
    handle = await runner(jobs, FakeHands()).begin(
        plan_of("ab", ("one", "two"), Rollout(at_a_time=1))
    )
    await handle.wait()
    (path,) = (tmp_path / "jobs").iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in range(2, len(lines)):
        half = lines[kept][: len(lines[kept]) // 2]
        path.write_bytes(b"".join(lines[:kept]) + half)
        broken = jobs.read("p1")
        assert broken.state is JobState.BROKEN_OFF
        hands = FakeHands()
        job = await (await runner(jobs, hands).resume(broken)).wait()
        done = {
            (run.host, step) for run in broken.runs.values() for step in ("one", "two")[: run.begun]
        }
        assert not done & {*hands.ran}
        unsure = [run.host for run in broken.runs.values() if run.in_mid_step]
        for run in job.runs.values():
            assert run.state is (RunState.FAILED if run.host in unsure else RunState.DONE)


async def test_while_it_runs_it_is_running_and_nobody_else_can_run_it(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    hands = FakeHands({"a one": "hang"})
    mine = runner(jobs, hands)
    await mine.begin(plan_of("a"))
    await wait_for(lambda: bool(hands.ran))
    job = jobs.read("p1")
    assert job.state is JobState.RUNNING
    assert job.runs["a"].in_mid_step
    with pytest.raises(Refused, match="another opsdash runs it"):
        await runner(jobs, FakeHands()).resume(job)
    await mine.close()
    assert jobs.read("p1").state is JobState.CANCELLED


async def test_a_plan_that_is_kept_for_later_is_planned(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    await jobs.of(plan_of("ab")).plan_only()
    job = jobs.read("p")
    assert job.state is JobState.PLANNED
    assert job.plan == plan_of("ab")
    done = await (await runner(jobs, FakeHands()).begin(job.plan)).wait()
    assert jobs.read("p1") == done


async def test_the_newest_jobs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "KEPT", 3)
    jobs = Jobs(tmp_path)
    for number in range(5):
        await jobs.of(replace(plan_of("a"), id=f"p{number}")).plan_only()
    assert sorted(jobs.ids()) == ["p2", "p3", "p4"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "there is no plan in it"),
        (b"garbage", "there is no plan in it"),
        (b"[]\n", ":1: a line is an object, not list"),
        (b'{"plan": {"version": 9}}\n', ":1: a plan of version 9, which is not known"),
    ],
)
def test_a_file_that_is_no_job_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "p1.jsonl").write_bytes(content)
    with pytest.raises(JobsError, match=said):
        Jobs(tmp_path).read("p1")
    (listed,) = Jobs(tmp_path).all()
    assert isinstance(listed, JobsError)


@pytest.mark.parametrize("name", ["nope", "", "../p1"])
def test_a_plan_that_is_not_there_is_not_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(JobsError, match="there is no plan"):
        Jobs(tmp_path).read(name)


async def test_where_nothing_can_be_written_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("a file in its place")
    hands = FakeHands()
    with pytest.raises(Refused, match="the journal can't be written"):
        await runner(Jobs(tmp_path), hands).begin(plan_of("a"))
    assert hands.ran == []


def test_a_run_that_is_in_mid_step_knows_it() -> None:
    assert HostRun("a", begun=1).in_mid_step
    assert not HostRun("a").in_mid_step
    assert Job(plan_of("a"), {}).id == "p1"
