"""Runbooks on the screen: offered for what is wrong, worked through, halted, gone on with."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from opsdash.app.confirm_screen import ConfirmPlanScreen
from opsdash.app.picker_screen import PickerScreen
from opsdash.config.runbook_files import Books
from opsdash.core.errors import Fault
from opsdash.core.fleet import Fleet
from opsdash.core.job import Job, JobState, Result, RunState
from opsdash.core.plan import Danger, Plan
from opsdash.core.runbook import Ask, Case, Decide, Do, End, Look, Runbook, Verify, Wanted
from opsdash.core.runbook_condition import Condition
from opsdash.core.walks import WalkKey, WalkState
from tests.fleet_states import NOW, disk_full, up
from tests.jobs import KeptJobs
from tests.pilot.test_acting import lists_services
from tests.pilot.test_jobs import settled
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage
from tests.waiting import wait_for
from tests.walks import kept_walks

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
FULL = Condition("usage", matches=re.compile(r"(?P<pct>\d+)%"))
BOOK = Runbook(
    "disk-full",
    "A file system is full",
    (
        Look("how full {mount} is", "df\n", key="usage"),
        Decide("what it is", (Case(FULL, "{mount} is {pct} % full", "which"),)),
        Ask("which service writes there", "unit", "which", lines_of="usage",
            pick=re.compile("by (?P<value>[a-z]+) (?P<about>.*)")),
        Do("service.restart", (("unit", "{unit}"),), else_go="left"),
        Verify("there is room again", "df\n", Condition(matches=re.compile("room"))),
        End("{mount} has room again"),
        End("{mount} was left as it is", "left"),
    ),
    about="What holds the space, and how to get it back.",
    checks=("disk-full",),
    arguments=(Wanted("mount", "the mount point", from_subject=True, default="/"),),
    danger=Danger.OUTAGE,
)  # fmt: skip
OUTPUT = Result(0, b"/var 99% used\nby shop its log\nby mail its queue\n", b"du: denied\n")


@asynccontextmanager
async def reading_books(
    size: tuple[int, int] = SMALL, *books: Runbook
) -> AsyncIterator[tuple[Stage, KeptJobs]]:
    """The program over two hosts, one of them with a full disk, and these runbooks."""
    hosts = [up("web1", disk_full("web1")), up("web2")]
    hosts = [replace(one, host=replace(one.host, tags=frozenset())) for one in hosts]
    async with on_stage(hosts, size) as stage:
        kept = KeptJobs()
        kept.fleet = Fleet({state.name: state.host for state in hosts}, "hosts.yaml")
        stage.source.jobs = kept
        stage.source.books.put(*(books or (BOOK,)))
        await stage.source.walks.read()
        lists_services(stage, "web1")
        stage.source.looks.says["how full /var is"] = OUTPUT
        yield stage, kept
        await stage.source.walks.close()


KEY = WalkKey("disk-full", "web1")


async def in_state(stage: Stage, state: WalkState) -> None:
    def there() -> bool:
        seen = stage.source.walks.find(KEY)
        return seen is not None and seen.state is state

    await wait_for(there, what=state.value)
    await stage.draw()


async def begun(stage: Stage) -> None:
    """From why it is ill into the runbook, up to its first question."""
    await stage.press("f", *"web1", "enter", "x", "b")
    await in_state(stage, WalkState.ASKING)


@SIZES
async def test_a_runbook_is_offered_for_what_is_wrong_and_looks_by_itself(
    size: tuple[int, int],
) -> None:
    async with reading_books(size) as (stage, _):
        await stage.press("f", *"web1", "enter", "x")
        await settled(stage)
        assert "disk-full  A file system is full  interrupts a service or a host" in stage.text
        await stage.press("b")
        await in_state(stage, WalkState.ASKING)
        assert stage.source.looks.looked == ["how full /var is"]
        assert_snapshot(f"runbook-{size[0]}x{size[1]}", stage.text)


async def test_a_choice_leads_to_a_plan_that_is_agreed_to_and_then_it_is_verified() -> None:
    async with reading_books() as (stage, kept):
        await begun(stage)
        await stage.press("enter")
        assert isinstance(stage.app.screen, PickerScreen)
        await stage.press("enter")
        await stage.draw()
        assert "service.restart unit=shop" in stage.text
        await stage.press("enter")
        assert isinstance(stage.app.screen, ConfirmPlanScreen)
        await stage.press("y")
        await in_state(stage, WalkState.DOING)
        await settled(stage)
        (plan,) = kept.begun
        assert (plan.action, plan.target, plan.names()) == ("service.restart", "shop", ("web1",))
        stage.source.looks.says["there is room again"] = Result(0, b"room\n")
        (job,) = kept.here()
        done = replace(job.runs["web1"], state=RunState.DONE)
        kept.put(replace(job, runs={"web1": done}, state=JobState.FINISHED))
        await in_state(stage, WalkState.ENDED)
        assert "/var has room again" in stage.text


async def test_a_plan_that_is_left_stays_proposed_and_is_declined_by_a_key() -> None:
    async with reading_books() as (stage, kept):
        await begun(stage)
        await stage.press("enter", "enter", "enter", "n")
        await settled(stage)
        assert "service.restart unit=shop" in stage.text
        await stage.press("n")
        await stage.draw()
        assert "not done: left undone" in stage.text
        assert "/var was left as it is" in stage.text
        assert not kept.begun


async def test_read_only_refuses_what_a_runbook_would_do_and_lets_it_look() -> None:
    async with reading_books() as (stage, kept):
        kept.forbidden = "service.restart would change hosts, and this is read-only (--read-only)"
        await begun(stage)
        await stage.press("enter", "enter", "enter")
        await settled(stage)
        assert not isinstance(stage.app.screen, ConfirmPlanScreen)
        assert "this is read-only" in " ".join(stage.text.split())
        assert "/var was left as it is" in stage.text
        assert kept.refused == [kept.forbidden]
        assert not kept.begun


async def test_a_lost_connection_halts_it_and_enter_goes_on_where_it_was() -> None:
    async with reading_books() as (stage, _):
        stage.source.looks.says["how full /var is"] = "the connection broke"
        await stage.press("f", *"web1", "enter", "x", "b")
        await in_state(stage, WalkState.HALTED)
        assert "the connection broke" in stage.text
        stage.source.looks.says["how full /var is"] = OUTPUT
        await stage.press("enter")
        await in_state(stage, WalkState.ASKING)
        assert stage.source.looks.looked == ["how full /var is"] * 2
        stage.source.looks.says["how full /var is"] = "it broke again"
        await stage.press("a")
        await in_state(stage, WalkState.HALTED)
        stage.source.looks.says["how full /var is"] = OUTPUT
        await stage.press("1", "x", "b")  # as good as enter on its page
        await in_state(stage, WalkState.ASKING)


async def test_a_walk_survives_leaving_the_page_and_is_never_two() -> None:
    async with reading_books() as (stage, _):
        await begun(stage)
        await stage.press("enter", "enter", "1", "x", "b")
        await stage.draw()
        assert "service.restart unit=shop" in stage.text
        assert len(stage.source.walks.here()) == 1
        await stage.press("1", "B")
        await stage.draw()
        assert "service.restart unit=shop" in stage.text
        await stage.press("a")
        await in_state(stage, WalkState.ASKING)
        assert "which service writes there" in stage.text
        assert "service.restart unit" not in stage.text


async def test_a_look_that_takes_too_long_is_ended_by_ctrl_c() -> None:
    async with reading_books() as (stage, _):
        del stage.source.looks.says["how full /var is"]
        await stage.press("f", *"web1", "enter", "x", "b")
        await in_state(stage, WalkState.LOOKING)
        assert "ctrl+c ends it" in stage.text
        await stage.press("ctrl+c")
        await in_state(stage, WalkState.HALTED)
        assert "called off" in stage.text


async def test_the_palette_has_every_runbook_and_takes_its_arguments() -> None:
    async with reading_books() as (stage, _):
        stage.source.looks.says["how full /srv is"] = OUTPUT
        await stage.press("f", *"web1", "enter", "colon", *"runbook disk-full mount=/srv")
        await stage.press("enter")
        await in_state(stage, WalkState.ASKING)
        assert stage.source.looks.looked == ["how full /srv is"]
        await stage.press("q", "colon", *"runbook disk-full mont=/srv", "enter")
        assert "disk-full has no 'mont': it takes mount" in stage.text
        walks = stage.source.walks
        assert walks.find(KEY) is not None  # and the other one is as it was
        await stage.press("f", *"web2", "enter", "colon", *"runbook disk-full x=1", "enter")
        await settled(stage)
        assert "disk-full has no 'x': it takes mount" in stage.text


async def test_an_argument_that_is_missing_is_typed_and_checked() -> None:
    days = Wanted("days", "older than so many days", pattern=re.compile("[0-9]+"))
    old = replace(BOOK, id="old-files", arguments=(days,), steps=(End("{days} days"),), checks=())
    async with reading_books(SMALL, old) as (stage, _):
        await stage.press("f", *"web1", "enter", "colon", *"runbook old-files", "enter", "enter")
        await stage.press("x", "enter")
        assert "it should match" in stage.text
        await stage.press("backspace", "7", "enter")
        await stage.draw()
        assert "7 days" in stage.text


async def test_in_the_past_it_says_why_not() -> None:
    async with reading_books() as (stage, _):
        stage.source.stored = {1_799_999_000.0: [up("web1", disk_full("web1"))]}
        await stage.press("f", *"web1", "enter", "comma")
        await settled(stage)
        await stage.press("x", "b")
        await settled(stage)
        assert "nobody can work through a runbook in the past" in stage.text
        assert stage.source.walks.here() == []


async def test_no_book_says_what_there_is() -> None:
    async with reading_books() as (stage, _):
        await stage.press("B")
        await stage.draw()
        assert "no runbook is worked through" in stage.text
        assert "x on a sick host offers those" in stage.text
        await stage.press("enter")
        assert "no runbook is worked through" in stage.lines[-1]


async def test_a_faulty_file_is_said_with_its_line_and_the_others_work() -> None:
    async with reading_books() as (stage, _):
        fault = Fault("runbooks/ours.yaml", 3, 5, "steps[0].go: no step is called \x1b[2Jx")
        stage.source.books.books = Books({"disk-full": BOOK}, (fault,))
        stage.source.books.saved = True
        await wait_for(lambda: "runbooks/ours.yaml:3:5" in stage.text)
        assert "\x1b" not in stage.text
        assert [*stage.source.walks.books] == ["disk-full"]


async def test_a_bug_in_a_walk_halts_it_and_says_so() -> None:
    async with reading_books() as (stage, _):

        async def broken(plan: Plan) -> Job:
            raise ZeroDivisionError(plan.title)

        stage.source.looks.look = broken  # type: ignore[method-assign]
        stage.source.walks = kept_walks(
            stage.source.books,
            stage.source.looks,
            lambda: (stage.source.jobs, stage.source.snapshot()),
            NOW,
        )
        await stage.source.walks.read(again=True)
        await stage.press("f", *"web1", "enter", "x", "b")
        await in_state(stage, WalkState.HALTED)
        assert "stopped by a bug of opsdash (ZeroDivisionError" in stage.text
