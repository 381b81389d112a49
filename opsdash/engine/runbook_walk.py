"""One runbook worked through on one host: its looks by the Runner, as plans that only read, and its
actions as the plans that they are, for a person to agree to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from opsdash.core.action import Action, Wish, plan_action
from opsdash.core.audit import RUNBOOK_LOOK
from opsdash.core.discover import actions
from opsdash.core.errors import OpsdashError, Refused
from opsdash.core.job import Job, JobState, Result, RunState
from opsdash.core.plan import Danger, HostSteps, Plan, Step, StepKind, plan_id
from opsdash.core.problem import ProblemKind
from opsdash.core.runbook_condition import MOST_TEXT, Output
from opsdash.core.runbook_course import Course
from opsdash.core.runbook_turn import DoNow, LookNow
from opsdash.core.snapshot import HostState
from opsdash.core.text import clean_line

MOST_BYTES = MOST_TEXT
PAUSE_S, LONGEST_PAUSE_S = 1.0, 5.0
"""Between two looks at what is waited for: longer and longer."""

NO_ROOT = "without root: "


class Halted(OpsdashError):
    """A step could not be brought to its end: the walk stands where it stood, and may go on."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What walks stand on: `look` applies a plan that only reads, `clock` gives seconds since 1970,
    `who` is the person,
    `actions` are all that there are by id.
    """

    look: Callable[[Plan], Awaitable[Job]]
    clock: Callable[[], float]
    who: str
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    actions: Callable[[], Mapping[str, Action]] = actions


class Walk:
    """The looks and plans of one course."""

    def __init__(self, course: Course, ground: Ground) -> None:
        self.course = course
        self._on = ground

    async def look(self, turn: LookNow) -> None:
        """Make the look that is wanted now, and tell the course. Halted: it could not be made."""
        if not turn.within_s:
            self.course.told(await self._output(turn))
            return
        deadline, pause_s = monotonic() + turn.within_s, PAUSE_S
        while not self.course.told(await self._output(turn)):
            if monotonic() + pause_s > deadline:
                self.course.gave_up()
                return
            await self._on.pause(pause_s)
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)

    async def _output(self, turn: LookNow) -> Output:
        job = await self._job(turn, root=turn.root)
        result = _result(job, self.course.host)
        if turn.root and result is not None and _denied(result):
            job = await self._job(turn, root=False)
            result = _result(job, self.course.host)
            if result is not None:
                return _understood(result, NO_ROOT + "only what the login may see\n")
        if result is None:
            raise Halted(job.runs[self.course.host].text or "the look was not made")
        return _understood(result)

    async def _job(self, turn: LookNow, *, root: bool) -> Job:
        step = Step(
            StepKind.RUN,
            turn.words,
            turn.script,
            root=root,
            timeout_s=turn.timeout_s,
            max_bytes=MOST_BYTES,
            reads_only=True,
        )
        at = self._on.clock()
        plan = Plan(
            plan_id(at),
            RUNBOOK_LOOK,
            turn.words,
            Danger.READS,
            (HostSteps(self.course.host, (step,)),),
            target=self.course.book.id,
            at=at,
            who=self._on.who,
        )
        try:
            return await self._on.look(plan)
        except Refused as error:
            raise Halted(str(error)) from error

    def plan(self, turn: DoNow, state: HostState) -> Plan:
        """The plan of the action that is proposed; OpsdashError says why there is none."""
        action = self._on.actions().get(turn.action)
        if action is None:
            raise Halted(f"there is no action {turn.action} any more")
        at = self._on.clock()
        wish = Wish(plan_id(at), self._on.who, at, note=f"runbook {self.course.book.id}")
        plan = plan_action(action, [state], turn.given, wish)
        if not plan.hosts:
            raise Halted("; ".join(one.why for one in plan.left_out) or "nothing to do")
        return plan

    def done(self, job: Job) -> None:
        """Tell the course what came of its action."""
        run = job.runs.get(self.course.host)
        ok = job.state is JobState.FINISHED and run is not None and run.state is RunState.DONE
        words = run.text if run is not None else ""
        if not ok and not words:
            words = job.stopped or (run.state.value if run is not None else job.state.value)
        self.course.done(ok=ok, words=words)


def _result(job: Job, host: str) -> Result | None:
    """What came of the one step, if it came to an end there; one that was lost did not."""
    run = job.runs[host]
    if not run.results or run.state is RunState.CANCELLED:
        return None
    result = run.results[-1]
    problem = result.problem
    ended = problem is None or problem.kind in (ProblemKind.TIMEOUT, ProblemKind.DENIED)
    return result if ended else None


def _denied(result: Result) -> bool:
    return result.problem is not None and result.problem.kind is ProblemKind.DENIED


def _understood(result: Result, first: str = "") -> Output:
    errors = first + result.stderr.decode("utf-8", "replace")
    if result.problem is not None:
        errors += clean_line(result.problem.text)
    stdout = result.stdout.decode("utf-8", "replace")
    return Output(result.status, stdout, errors, result.truncated or result.problem is not None)
