"""A runbook on a host: looks by the Runner, without root where it must, halted and gone on with."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opsdash.core.audit import RUNBOOK_LOOK, done
from opsdash.core.errors import HostError, Refused
from opsdash.core.host import Host
from opsdash.core.plan import Danger, Plan
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.runbook import BookStep, Case, Decide, Do, End, Look, Runbook, Verify
from opsdash.core.runbook_condition import Condition
from opsdash.core.runbook_course import Course
from opsdash.core.runbook_turn import DoNow, Ended, LookNow
from opsdash.engine.runbook_walk import Ground, Halted, Walk
from opsdash.engine.runner import Grounds, Refusal, Runner
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.tcp import Tcp
from tests.fake_hands import KeptAudit
from tests.fleet_states import up
from tests.runners import allowed, plan_of


@dataclass
class ShellHands:
    """Scripts run in a shell of this machine; `problems` are met first, one after the other."""

    problems: list[Problem] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    no_root: bool = False

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[ShellHand, None]:
        """Reach a host."""
        await asyncio.sleep(0)
        yield ShellHand(Host(name), self)

    def address(self, name: str) -> str:
        """As any other."""
        return f"{name}.example"

    async def run_here(self, order: Order, heard: Heard | None = None) -> Completed:
        """Nothing runs here."""
        raise AssertionError


@dataclass
class ShellHand:
    """One of them."""

    host: Host
    hands: ShellHands

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """Run it, or meet a problem."""
        self.hands.orders.append(order)
        if order.root and self.hands.no_root:
            raise HostError(Problem(ProblemKind.DENIED, "needs root"))
        if self.hands.problems:
            raise HostError(self.hands.problems.pop(0))
        done = await asyncio.to_thread(
            subprocess.run, ["sh", "-s"], input=order.script, capture_output=True, check=False
        )
        return Completed(done.returncode, done.stdout, done.stderr)

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """No lock is taken for a look."""
        raise AssertionError

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """It makes none."""
        raise AssertionError

    async def renew(self) -> None:
        """It is there."""


@dataclass
class Scene:
    """A walk over made-up hosts, and what came of it."""

    hands: ShellHands
    audit: KeptAudit
    walk: Walk
    paused: list[float]

    async def look(self) -> None:
        """The look that is wanted now."""
        turn = self.walk.course.turn
        assert isinstance(turn, LookNow)
        await self.walk.look(turn)


def scene(*steps: BookStep, hands: ShellHands | None = None, refusal: Refusal = allowed) -> Scene:
    found, audit = hands or ShellHands(), KeptAudit()
    paused: list[float] = []
    runner = Runner(Grounds(found, audit, refusal, lambda: 1_800_000_000.0))

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    ground = Ground(runner.look, lambda: 1_800_000_000.0, "ann", pause)
    course = Course(Runbook("b", "B", steps), "web1")
    return Scene(found, audit, Walk(course, ground), paused)


STATE = Look("how it is", 'echo "it is $host"; echo no >&2; exit 3\n', key="state")
WENT = Decide("", (Case(Condition("state", status=3, matches=re.compile("web1")), "so", "end"),))


async def test_a_look_runs_there_and_is_audited_before_and_after() -> None:
    one = scene(STATE, WENT)
    await one.look()
    assert one.walk.course.turn == Ended("so")
    output = one.walk.course.outputs["state"]
    assert (output.status, output.stdout, output.stderr) == (3, "it is web1\n", "no\n")
    told = [(entry.action, entry.phase.value, entry.target) for entry in one.audit.entries]
    assert told == [(RUNBOOK_LOOK, "begin", "b"), (RUNBOOK_LOOK, "end", "b")]
    assert done(one.audit.entries) == []


async def test_what_may_not_be_root_is_looked_at_without_and_says_so() -> None:
    look = Look("how it is", "echo seen\n", key="state", root=True)
    one = scene(look, End("end"), hands=ShellHands(no_root=True))
    await one.look()
    assert [order.root for order in one.hands.orders] == [True, False]
    output = one.walk.course.outputs["state"]
    assert output.stdout == "seen\n"
    assert output.stderr.startswith("without root: only what the login may see")


@pytest.mark.parametrize("kind", [ProblemKind.LOST, ProblemKind.NO_ROUTE, ProblemKind.SILENT])
async def test_a_connection_that_is_lost_halts_it_where_it_stood(kind: ProblemKind) -> None:
    one = scene(STATE, WENT, hands=ShellHands([Problem(kind, "it broke")]))
    with pytest.raises(Halted, match="it broke"):
        await one.look()
    assert isinstance(one.walk.course.turn, LookNow)
    assert one.walk.course.trail == []
    await one.look()
    assert one.walk.course.ended


async def test_a_look_that_is_over_its_time_has_an_output_that_is_not_whole() -> None:
    lacks = Case(Condition("state", lacks=re.compile("x")), "clean")
    cut = Case(Condition("state", not_status=0), "cut")
    hands = ShellHands([Problem(ProblemKind.TIMEOUT, "no answer within 30 s")])
    one = scene(STATE, Decide("", (lacks, cut)), hands=hands)
    await one.look()
    assert one.walk.course.trail[-1].said == "cut"


async def test_what_is_refused_halts_it() -> None:
    one = scene(STATE, WENT, refusal=lambda plan, now: f"guardrail forbids {plan.action}")
    with pytest.raises(Halted, match="guardrail forbids"):
        await one.look()
    assert one.hands.orders == []


async def test_a_look_that_can_not_be_written_down_is_not_made() -> None:
    one = scene(STATE, WENT)
    one.audit.full = True
    with pytest.raises(Halted, match="was not begun"):
        await one.look()
    assert one.hands.orders == []


async def test_what_is_waited_for_is_looked_at_again_and_again(tmp_path: Path) -> None:
    verify = Verify("it is so", "false\n", Condition(status=0), within_s=0.5, else_go="end")
    one = scene(verify)
    await one.look()
    assert one.walk.course.turn == Ended("not so after 0s")
    script = f"echo x >>{tmp_path}/seen; [ $(wc -l <{tmp_path}/seen) = 3 ]\n"
    held = scene(Verify("it is so", script, Condition(status=0), within_s=60), End("yes"))
    await held.look()
    assert held.walk.course.turn == Ended("yes")
    assert held.paused == [1.0, 1.5]


async def test_the_runner_looks_only_with_plans_that_change_nothing() -> None:
    runner = Runner(Grounds(ShellHands(), KeptAudit(), allowed, lambda: 0.0))
    with pytest.raises(ValueError, match="does more than look"):
        await runner.look(plan_of("a"))
    await runner.close()
    with pytest.raises(Refused):
        await runner.look(plan_of("a", reads_only=True))
    assert runner.jobs == {}


def test_an_action_becomes_the_plan_that_it_is_anywhere() -> None:
    one = scene(Do("host.reboot", (("drain", "x"),)), End("end"))
    turn = one.walk.course.turn
    assert isinstance(turn, DoNow)
    plan: Plan = one.walk.plan(turn, up("web1"))
    assert (plan.action, plan.danger, plan.names()) == ("host.reboot", Danger.OUTAGE, ("web1",))
    assert plan.note == "runbook b"
    assert not plan.reads_only
