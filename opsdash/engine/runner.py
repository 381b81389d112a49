"""The one place that changes hosts: every plan, wherever it comes from, is applied here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from opsdash.core.audit import AuditEntry, AuditLog, Phase
from opsdash.core.errors import AuditError, Refused
from opsdash.core.job import HostRun, Job, JobState, RunState
from opsdash.core.plan import Plan
from opsdash.core.text import clean_line
from opsdash.engine.gathering import Gathering
from opsdash.engine.hands import Hands
from opsdash.engine.health_gate import HealthGate
from opsdash.engine.host_course import HostCourse, Tools
from opsdash.engine.job_handle import JobHandle
from opsdash.engine.job_journal import JobJournal, NoJournal
from opsdash.engine.waves import Waves

LOG = logging.getLogger(__name__)

Refusal = Callable[[Plan, float], str]
"""Why a plan may not be run at a time, as a sentence; empty: it may."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the Runner stands on: `refusal` is asked before anything runs, `gate` looks between
    waves (None: no plan with a gate can be run), `journal_of` gives the journal of a plan's job,
    `from_where` says where the person sits.
    """

    hands: Hands
    audit: AuditLog
    refusal: Refusal
    clock: Callable[[], float]
    gate: HealthGate | None = None
    journal_of: Callable[[Plan], JobJournal] = lambda plan: NoJournal()
    from_where: str = ""


class Runner:
    """Applies plans, each as a job in a task of its own, and knows the jobs of this run."""

    def __init__(self, grounds: Grounds) -> None:
        self._on = grounds
        self._jobs: dict[str, JobHandle] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._looks: dict[JobHandle, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def jobs(self) -> Mapping[str, JobHandle]:
        """The jobs that were begun here, by their plan's id, the oldest first."""
        return dict(self._jobs)

    async def begin(self, plan: Plan) -> JobHandle:
        """Apply a plan. Refused: it may not be; then nothing was done."""
        runs = {name: HostRun(name) for name in plan.names()}
        return await self._begin(Job(plan, runs, began_at=self._on.clock()))

    async def look(self, plan: Plan) -> Job:
        """Apply a plan that only reads: guarded and audited as any other, but no job that stays.
        Refused: it may not be. Cancelled, it ends what runs there.
        """
        if not plan.reads_only:
            raise ValueError(f"{plan.action} does more than look")
        if self._closed:
            raise Refused("the program is ending")
        await self._heed_guard(plan)
        runs = {name: HostRun(name) for name in plan.names()}
        handle = JobHandle(Job(plan, runs, began_at=self._on.clock()))
        task = asyncio.create_task(self._run(handle, NoJournal()), name=f"look {plan.id}")
        self._looks[handle] = task
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            handle.cancel()
            await asyncio.wait([task])
            raise
        finally:
            self._looks.pop(handle, None)
        return handle.job()

    async def resume(self, job: Job, again: Collection[str] = ()) -> JobHandle:
        """Go on with a job that ended before its end: with the hosts that never began, and those
        that stood between two steps. A host that was in mid-step goes on with that step, a second
        time, if it is among `again`; else it is left as it is. Refused as by begin().
        """
        runs = {name: _resumed(run, name in again) for name, run in job.runs.items()}
        return await self._begin(
            replace(job, runs=runs, state=JobState.RUNNING, stopped="", ended_at=0.0)
        )

    async def _begin(self, job: Job) -> JobHandle:
        plan, on = job.plan, self._on
        known = self._jobs.get(plan.id)
        if known is not None and known.job().state is JobState.RUNNING:
            raise Refused(f"plan {plan.id} runs already", "look at it with: opsdash plans list")
        await self._heed_guard(job.rest())
        journal = on.journal_of(plan)
        try:
            await journal.begin(job)
        except BlockingIOError as error:
            raise Refused(f"plan {plan.id}: another opsdash runs it now") from error
        except OSError as error:
            text = f"the journal can't be written ({clean_line(str(error), 160)}): nothing was done"
            raise Refused(text, "make room there, or mend the folder's rights") from error
        handle = self._jobs[plan.id] = JobHandle(job)
        task = asyncio.create_task(self._run(handle, journal), name=f"job {plan.id}")
        self._tasks[plan.id] = task
        task.add_done_callback(lambda ended: self._ended(handle, ended))
        return handle

    def _ended(self, handle: JobHandle, task: asyncio.Task[None]) -> None:
        """A bug of ours ends the job for all who wait for it."""
        self._tasks.pop(handle.id, None)
        bug = None if task.cancelled() else task.exception()
        if handle.job().state is JobState.RUNNING:
            LOG.error("plan %s: stopped by a bug", handle.id, exc_info=bug)
            text = f"stopped by a bug of opsdash ({type(bug).__name__}: {bug})"
            handle.end(JobState.BROKEN_OFF, text, self._on.clock())

    async def _heed_guard(self, plan: Plan) -> None:
        """The one place that refuses a plan."""
        on = self._on
        why = on.refusal(plan, on.clock())
        if not why and plan.rollout.gate and on.gate is None:
            why = "nobody here can tell how the hosts are: run it without a health gate"
        if why:
            await self.note_refusal(plan, why)
            raise Refused(why)

    async def note_refusal(self, plan: Plan, why: str) -> None:
        """Write down that a plan was refused, by the guard or by whoever was asked."""
        on = self._on
        entry = AuditEntry(
            at=on.clock(),
            who=plan.who,
            from_where=on.from_where,
            host="",
            action=plan.action,
            phase=Phase.REFUSED,
            plan_id=plan.id,
            target=plan.target,
            text=why,
        )
        try:
            await on.audit.write(entry)
        except AuditError as error:
            LOG.warning("a refusal could not be written down: %s", error)

    async def _run(self, handle: JobHandle, journal: JobJournal) -> None:
        plan, on = handle.job().rest(), self._on
        tools = Tools(
            on.hands, on.audit, journal, on.clock, Gathering(plan, on.hands), on.from_where
        )

        async def go(host: str) -> None:
            await HostCourse(plan, host, handle, tools).go()

        state, stopped = await Waves(plan, handle, go, on.gate).run()
        for run in handle.job().in_state(RunState.WAITING):
            handle.put(replace(run, state=RunState.NOT_BEGUN, text=_left_alone(state)))
        at = on.clock()
        try:
            await journal.end(replace(handle.job(), state=state, stopped=stopped, ended_at=at))
        except OSError as error:
            LOG.warning("plan %s: its end could not be written down: %s", plan.id, error)
        handle.end(state, stopped, at)

    async def close(self) -> None:
        """Call off all that runs, and wait until it has ended."""
        self._closed = True
        for handle in (*self._jobs.values(), *self._looks):
            handle.cancel()
        tasks = [*self._tasks.values(), *self._looks.values()]
        if tasks:
            await asyncio.wait(tasks)


def _left_alone(state: JobState) -> str:
    return "called off before its turn" if state is JobState.CANCELLED else "its turn did not come"


def _resumed(run: HostRun, again: bool) -> HostRun:
    """How a host goes on: from the step that was not begun yet, or is to be done again."""
    if run.state not in (RunState.NOT_BEGUN, RunState.RUNNING, RunState.WAITING):
        return run
    if run.in_mid_step and not again:
        text = "it broke off in mid-step: nobody knows how that ended; look at the host"
        return replace(run, state=RunState.FAILED, text=text)
    return replace(run, state=RunState.WAITING, text="", ended_at=0.0, begun=len(run.results))
