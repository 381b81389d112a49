"""A plan on the command line: shown, agreed to, applied while one looks on, and reported."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from opsdash.activities.troubleshoot.plan_document import job_document, plan_document
from opsdash.activities.troubleshoot.plan_words import (
    ended_code,
    job_words,
    plan_lines,
    run_line,
    told_lines,
)
from opsdash.core.clock import now
from opsdash.core.confirm import Asked, Tier, headless_refusal
from opsdash.core.errors import Refused
from opsdash.core.job import Job, JobState
from opsdash.core.plan import Plan
from opsdash.core.plan_json import withheld
from opsdash.core.prompts import Prompter, Question, QuestionKind
from opsdash.core.text import clean_line
from opsdash.engine.job_handle import JobHandle
from opsdash.engine.workshop import Workshop

EXIT_NONE, EXIT_REFUSED = 2, 4


@dataclass(frozen=True, slots=True)
class Consent:
    """What the caller has said beforehand: ``--yes``, ``--confirm VALUE``, and who may be asked."""

    yes: bool
    value: str | None
    prompter: Prompter

    async def given(self, asked: Asked) -> str:
        """Why the plan may not run; empty: it may. A person is asked where there is one, and where
        they have not answered beforehand.
        """
        refusal = headless_refusal(asked, yes=self.yes, value=self.value)
        if not refusal or self.value is not None or not self.prompter.present:
            return refusal
        confirm = asked.tier is Tier.YES_NO
        answer = await self.prompter.ask(
            Question(
                "confirm",
                "",
                asked.sentence,
                field="go on" if confirm else "answer",
                kind=QuestionKind.CONFIRM if confirm else QuestionKind.LINE,
            )
        )
        typed = "" if answer is None else answer.reveal().decode("utf-8", "replace")
        return "" if asked.accepts(typed) else "not confirmed: nothing was done"

    def offer_root(self, shop: Workshop, plan: Plan) -> None:
        """Whoever is there may be asked for a password, where root takes one."""
        if shop.wants_root(plan) and self.prompter.present:
            shop.privilege.want(lambda text: click.echo(clean_line(text), err=True))


@dataclass(frozen=True, slots=True)
class Application:
    """How plans are applied by one call of a verb."""

    shop: Workshop
    consent: Consent
    as_json: bool = False
    full: bool = False

    async def show_only(self, plan: Plan) -> int:
        """Show a plan, and keep it for ``plans apply``."""
        await self.shop.jobs.of(plan).plan_only()
        if self.as_json:
            click.echo(json.dumps(plan_document(plan)))
        else:
            _lines(plan_lines(plan, full=self.full))
            click.echo(f"\nNothing was done. To do it: opsdash plans apply {plan.id}")
        return 0

    async def apply(self, plan: Plan) -> int:
        """Show a plan, ask, apply it: the exit code."""
        if not self.as_json:
            _lines(plan_lines(plan, full=self.full))
        if not plan.hosts:
            return self._nobody(plan)
        return await self._agreed(plan, lambda: self.shop.runner.begin(plan))

    async def resume(self, job: Job, again: Collection[str]) -> int:
        """Go on with a job that ended before its end: the exit code."""
        return await self._agreed(job.rest(), lambda: self.shop.runner.resume(job, again))

    def _nobody(self, plan: Plan) -> int:
        if self.as_json:
            click.echo(json.dumps(plan_document(plan)))
        click.echo("Nothing was done: no host is left in the plan.", err=True)
        return EXIT_NONE

    async def _agreed(self, plan: Plan, begin: Callable[[], Awaitable[JobHandle]]) -> int:
        job = await self._applied(plan, begin)
        if job is None:
            return EXIT_REFUSED
        if self.as_json:
            click.echo(json.dumps(job_document(job)))
        else:
            click.echo(f"\n{job_words(job)}")
            _next_step(job)
        return ended_code(job, plan.left_out)

    async def job(self, plan: Plan) -> Job | None:
        """Show a plan, ask, apply it: its job as it ended. None: it may not run, which was said."""
        if not self.as_json:
            _lines(plan_lines(plan, full=self.full))
        return await self._applied(plan, lambda: self.shop.runner.begin(plan))

    async def _applied(self, plan: Plan, begin: Callable[[], Awaitable[JobHandle]]) -> Job | None:
        shop = self.shop
        guard = shop.guard
        why = guard.refusal(plan, now())
        if not why and (lacking := withheld(plan)):
            why = f"the plan for {lacking[0]} held a secret, which is not kept: make it anew"
        why = why or await self.consent.given(guard.asked(plan))
        if why:
            await shop.runner.note_refusal(plan, why)
            refused(why)
            return None
        self.consent.offer_root(shop, plan)
        try:
            handle = await begin()
        except Refused as error:
            refused(str(error), error.hint)
            return None
        return await self._watched(handle)

    async def _watched(self, handle: JobHandle) -> Job:
        """Tell of each host that has ended, until all have. Ctrl+C calls it off."""
        told: set[str] = set()
        with called_off_by_ctrl_c(handle):
            while True:
                seen, job = handle.rev, handle.job()
                if not self.as_json:
                    for run in job.runs.values():
                        if run.state.ended and run.host not in told:
                            told.add(run.host)
                            _lines([run_line(run), *told_lines(job, run, full=self.full)])
                if job.state is not JobState.RUNNING:
                    return job
                await handle.change(seen)


@contextmanager
def called_off_by_ctrl_c(handle: JobHandle) -> Iterator[None]:
    """The first Ctrl+C calls the job off: what runs is ended and reported. The second is one."""
    loop = asyncio.get_running_loop()

    def call_off() -> None:
        click.echo("called off: what runs is being ended (Ctrl+C again leaves it alone)", err=True)
        loop.remove_signal_handler(signal.SIGINT)
        handle.cancel()

    loop.add_signal_handler(signal.SIGINT, call_off)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def refused(why: str, hint: str = "") -> int:
    """Say why nothing was done, and what to do about it: the exit code."""
    for text in filter(None, (why, hint)):
        click.echo(f"opsdash: {clean_line(text, 600)}", err=True)
    return EXIT_REFUSED


def _next_step(job: Job) -> None:
    if job.state in (JobState.STOPPED, JobState.CANCELLED):
        click.echo(f"To go on with the hosts that have not begun: opsdash plans resume {job.id}")
    if any(step.undo for one in job.plan.hosts for step in one.steps):
        click.echo(f"To take it back: opsdash plans undo {job.id}")


def _lines(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
