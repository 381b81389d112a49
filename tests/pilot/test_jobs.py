"""Jobs: the list, one job's groups and outputs, and a command from the key to the plan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual import events

from opsdash.app.confirm_screen import ConfirmPlanScreen
from opsdash.core.fleet import Fleet
from opsdash.core.job import Job, JobState, Result
from opsdash.core.jobs import NoJobs
from opsdash.core.plan import HostSteps, Step, StepKind
from opsdash.core.run_plan import RunWish, run_plan
from tests.fleet_states import up
from tests.jobs import KeptJobs, done, job_of, mixed
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])


@asynccontextmanager
async def at_work(
    *jobs: Job, size: tuple[int, int] = SMALL, earlier: tuple[Job, ...] = ()
) -> AsyncIterator[tuple[Stage, KeptJobs]]:
    """The program over four hosts, one of them of tag prod, with these jobs."""
    hosts = [up("web1"), up("web2"), up("db3"), up("edge1")]
    tags = {"db3": frozenset({"prod"})}
    hosts = [
        replace(one, host=replace(one.host, tags=tags.get(one.name, frozenset()))) for one in hosts
    ]
    async with on_stage(hosts, size) as stage:
        kept = KeptJobs(*jobs, earlier=earlier)
        kept.fleet = Fleet({state.name: state.host for state in hosts}, "hosts.yaml")
        stage.source.jobs = kept
        yield stage, kept


async def settled(stage: Stage) -> None:
    await stage.app.workers.wait_for_complete()
    await stage.settle()
    await stage.draw()


async def open_job(stage: Stage, job_id: str = "a1b2c3") -> None:
    stage.app.open_job(job_id)
    await settled(stage)


@SIZES
async def test_the_list_of_jobs(size: tuple[int, int]) -> None:
    older = replace(job_of(RunWish("uptime", name="load"), [done("web1", b"up\n")], "0ld"))
    stopped = replace(older, plan=replace(older.plan, id="st0p"), state=JobState.STOPPED)
    async with at_work(stopped, mixed(), size=size, earlier=(older,)) as (stage, _):
        await stage.press("7")
        await settled(stage)
        assert_snapshot(f"jobs-{size[0]}x{size[1]}", stage.text)


async def test_no_jobs_say_how_to_run_one() -> None:
    async with at_work() as (stage, _):
        await stage.press("7")
        await settled(stage)
        assert "nothing was run yet: r on a host" in stage.text


@SIZES
async def test_a_job_in_groups_with_the_majority_first(size: tuple[int, int]) -> None:
    async with at_work(mixed(), size=size) as (stage, _):
        await stage.press("7", "enter", "down")
        await settled(stage)
        assert_snapshot(f"job-{size[0]}x{size[1]}", stage.text)


async def test_what_is_unended_says_for_how_long_and_what_it_said_last() -> None:
    async with at_work(mixed()) as (stage, kept):
        kept.said["a1b2c3", "edge9"] = Result(None, b"one\ntwo\n")
        await open_job(stage)
        await stage.press("end", "k")
        await stage.draw()
        assert "4s  edge9" in stage.text
        assert "\ntwo" in stage.text


async def test_a_host_that_ends_moves_to_its_group_and_the_cursor_stays() -> None:
    job = mixed()
    async with at_work(job) as (stage, kept):
        await open_job(stage)
        await stage.press("down")
        assert "diff against 20 hosts" in stage.text
        late = done("edge9", b"permitrootlogin yes\n", 5.0)
        kept.put(replace(job, runs={**job.runs, "edge9": late}))
        await stage.draw()
        assert "db3 db4 edge9" in stage.text
        assert "running 1" not in stage.text


async def test_equals_picks_output_majority_or_an_earlier_job() -> None:
    before = job_of(RunWish("sshd -T | grep -i permitroot"), [
        done("db3", b"permitrootlogin no\n"), done("db4", b"permitrootlogin yes\n"),
    ], "bef0re")  # fmt: skip
    async with at_work(mixed(), earlier=(before,)) as (stage, _):
        await open_job(stage)
        await stage.press("down", "=")
        await settled(stage)
        assert "hold outputs against" in stage.text
        await stage.press("enter")
        await settled(stage)
        assert "differs  output" in stage.text
        await stage.press("=")
        await settled(stage)
        await stage.press(*"bef0re", "enter")
        await settled(stage)
        assert "against bef0re: 1 as before, 1 changed" in stage.text
        assert "1 host changed: db3" in stage.text


async def test_masking_folds_what_differs_only_by_time() -> None:
    runs = [done(f"web{n}", f"up since 12:0{n}:00\n".encode()) for n in (1, 2)]
    async with at_work(job_of(RunWish("uptime"), runs)) as (stage, _):
        await open_job(stage)
        assert "differs" in stage.text
        await stage.press("m")
        await settled(stage)
        assert "differs" not in stage.text
        assert "up since <time>" in stage.text
        assert "MASKED" in stage.text
        await stage.press("m")
        assert "differs" in stage.text


async def test_durations_that_were_measured_part_no_hosts_unless_it_is_wanted() -> None:
    runs = [done(f"web{n}", f"connect: open, {n}.5ms\n".encode()) for n in (1, 2)]
    job = job_of(RunWish("x"), runs)
    visit = Step(StepKind.CONNECT, "connect", "tcp://db1:22")
    hosts = tuple(HostSteps(one.host, (visit,)) for one in job.plan.hosts)
    async with at_work(replace(job, plan=replace(job.plan, hosts=hosts))) as (stage, _):
        await open_job(stage)
        assert "MASKED" in stage.text
        assert "differs" not in stage.text
        await stage.press("m")
        assert "differs" in stage.text
        await stage.draw()
        assert "differs" in stage.text


async def test_searching_shows_only_lines_that_hold_the_words() -> None:
    out = b"".join(b"line %d\n" % n for n in range(300))
    async with at_work(job_of(RunWish("x"), [done("web1", out)])) as (stage, _):
        await open_job(stage)
        await stage.press("/", *"299", "enter")
        assert "line 299" in stage.text
        assert "line 298" not in stage.text
        await stage.press("escape")
        assert "line 1" in stage.text


async def test_ctrl_c_calls_a_running_job_off_and_quits_nothing() -> None:
    async with at_work(mixed()) as (stage, kept):
        await open_job(stage)
        await stage.press("ctrl+c")
        assert kept.called_off == [("a1b2c3", ())]
        assert "called off" in stage.text
        assert not stage.stopped


async def test_ctrl_c_asks_on_a_job_that_has_ended() -> None:
    async with at_work(mixed(running=False)) as (stage, kept):
        await open_job(stage)
        await stage.press("ctrl+c")
        assert kept.called_off == []
        assert "again within" in stage.text


async def test_an_export_holds_every_output(monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_work(mixed(running=False)) as (stage, _):
        await open_job(stage)
        wanted = stage.app.page
        assert wanted is not None
        heard: list[str] = []
        monkeypatch.setattr(stage.app, "write_file", _writer(heard))
        await stage.press("X")
        await settled(stage)
        assert "permitrootlogin prohibit-password" in heard[0]
        assert "not reached" in heard[0]


def _writer(heard: list[str]) -> Callable[[str, str, str], Coroutine[Any, Any, None]]:
    async def write(where: str, text: str, what: str) -> None:
        heard.append(text)

    return write


# -- from the key to the plan -----------------------------------------------------------------


async def test_one_host_is_asked_y_and_enter_means_no() -> None:
    async with at_work() as (stage, kept):
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("r", *"uptime", "enter")
        assert "Nothing has been done yet" in stage.text
        assert "uptime" in stage.text
        await stage.press("enter")
        assert kept.begun == []
        await stage.press("r", *"uptime", "enter", "y")
        await settled(stage)
        assert [plan.names() for plan in kept.begun] == [("web1",)]
        assert "uptime" in stage.lines[0]
        assert "waiting" in stage.text


async def test_what_is_typed_behind_enter_agrees_to_nothing() -> None:
    async with at_work() as (stage, kept):
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("r", *"uptime")
        for key in ("enter", "y", "y"):
            stage.app.screen.focused.post_message(_key(key))  # type: ignore[union-attr]
        await stage.settle()
        assert kept.begun == []
        assert isinstance(stage.app.screen, ConfirmPlanScreen)


def _key(name: str) -> events.Key:
    return events.Key(name, name if len(name) == 1 else None)


async def test_several_hosts_want_their_number_and_the_hosts_are_frozen() -> None:
    async with at_work() as (stage, kept):
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("space", "space")
        marked = stage.app.page.chosen()  # type: ignore[union-attr]
        assert len(marked) == 2
        await stage.press("r", *"id", "enter")
        assert isinstance(stage.app.screen, ConfirmPlanScreen)
        for wrong in ("1", "y"):
            await stage.press(wrong, "enter")
            assert kept.begun == []
            await stage.press("backspace")
        await stage.press("2", "enter")
        await settled(stage)
        assert [plan.names() for plan in kept.begun] == [marked]


async def test_a_typed_tier_is_left_by_enter_alone_and_by_escape() -> None:
    async with at_work() as (stage, kept):
        await stage.press("*", "r", *"id", "enter")
        assert "prod" in stage.text
        await stage.press("enter")
        assert not isinstance(stage.app.screen, ConfirmPlanScreen)
        await stage.press("r", "up", "enter", *"prod", "escape")
        assert not isinstance(stage.app.screen, ConfirmPlanScreen)
        assert kept.begun == []
        await stage.press("r", "up", "enter", *"prod", "enter")
        await settled(stage)
        assert len(kept.begun) == 1


@SIZES
async def test_the_plan_is_shown_in_full(size: tuple[int, int]) -> None:
    async with at_work(size=size) as (stage, _):
        await stage.press("*", "r")
        await stage.press(*"--sudo --canary 1 --timeout 2m systemctl restart nginx", "enter")
        assert_snapshot(f"confirm-{size[0]}x{size[1]}", stage.text)


async def test_every_host_of_a_plan_can_be_reached() -> None:
    names = [f"web{number:03}" for number in range(300)]
    async with at_work() as (stage, kept):
        kept.fleet = Fleet({}, "hosts.yaml")
        stage.app.propose(run_plan(RunWish("id"), names))
        await stage.settle()
        seen = stage.text
        for _ in range(9):
            await stage.press("pagedown")
            seen += stage.text
        assert all(name in seen for name in names)
        assert "type 300" in stage.text


async def test_a_refused_plan_is_never_shown() -> None:
    async with at_work() as (stage, kept):
        kept.forbidden = "read-only: nothing is changed"
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("r", *"id", "enter")
        assert "read-only: nothing is changed" in stage.text
        await settled(stage)
        assert kept.refused == ["read-only: nothing is changed"]
        assert not isinstance(stage.app.screen, ConfirmPlanScreen)


async def test_a_wrong_option_is_said_and_typed_on() -> None:
    async with at_work() as (stage, kept):
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("r", *"--canary x id", "enter")
        assert "--canary is a number" in stage.text
        assert kept.begun == []


async def test_what_wants_a_terminal_is_refused_with_a_hint() -> None:
    async with at_work() as (stage, _):
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("r", *"top", "enter")
        assert "top wants a terminal: top -b -n1" in stage.text
        assert not isinstance(stage.app.screen, ConfirmPlanScreen)


async def test_what_would_never_end_is_told_with_the_plan() -> None:
    async with at_work() as (stage, _):
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("r", *"tail -f x", "enter")
        assert "does not end by itself: tail -n 100" in stage.text


async def test_the_same_again_on_the_marked_groups() -> None:
    ended = job_of(RunWish("id"), [done("web1", b"a\n"), done("web2", b"a\n"), done("db3", b"b\n")])
    async with at_work(ended) as (stage, kept):
        await open_job(stage)
        await stage.press("R")
        assert "on 3" in stage.text
        await stage.press("escape", "down", "space", "R")
        assert "on 1" in stage.text
        await stage.press(*"prod", "enter")
        await settled(stage)
        assert [plan.names() for plan in kept.begun] == [("db3",)]


async def test_in_the_past_nothing_runs() -> None:
    async with at_work() as (stage, kept):
        stage.app.freezer.show(stage.source.snapshot())  # type: ignore[union-attr]
        stage.app.page.aim("web1")  # type: ignore[union-attr]
        await stage.press("r")
        assert "nobody can run anything in the past" in stage.text
        stage.app.propose(run_plan(RunWish("id"), ["web1"]))
        assert kept.begun == []


async def test_a_demo_says_that_nothing_can_be_run() -> None:
    async with on_stage([up("web1")]) as stage:
        stage.source.jobs = NoJobs("this is a demo")
        await stage.press("7")
        assert "this is a demo" in stage.text
        await stage.press("1", "r", *"id", "enter")
        assert "this is a demo" in stage.lines[-1]


async def test_quitting_asks_while_a_job_runs() -> None:
    async with at_work(mixed()) as (stage, _):
        await stage.press("q")
        assert "still at work: 1 job" in stage.text
        await stage.press("enter")
        assert stage.app.return_code is None
        await stage.press("ctrl+q", *"quit", "enter")
        await stage.settle()
        assert stage.app._exit


async def test_quitting_asks_nothing_when_all_jobs_have_ended() -> None:
    async with at_work(mixed(running=False)) as (stage, _):
        await stage.press("q")
        assert stage.app._exit
