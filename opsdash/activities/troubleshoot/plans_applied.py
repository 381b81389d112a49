"""``plans apply``, ``resume`` and ``undo``: what was planned or begun before is done now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import examples

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import click

    from opsdash.activities.troubleshoot.applying import Application
    from opsdash.core.job import Job
    from opsdash.core.plan import Plan
    from opsdash.store.jobs import Jobs


def kept_jobs() -> Jobs:
    """The jobs of this user, on disk."""
    from opsdash.config.paths import state_dir
    from opsdash.store.jobs import Jobs

    return Jobs(state_dir())


def read_job(wanted: str) -> Job:
    """A job by its id; exits with 64 where there is none."""
    import click

    from opsdash.store.jobs import JobsError

    try:
        return kept_jobs().read(wanted)
    except JobsError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise click.UsageError(f"{error}{hint}") from None


def apply_command() -> click.Command:
    """The click command ``plans apply``."""
    import click

    from opsdash.activities.troubleshoot.plan_options import consent_options
    from opsdash.engine.asked import hosts_option

    @click.command("apply", epilog=examples("opsdash plans apply 4f9c --yes"))
    @click.argument("plan_id", metavar="ID")
    @hosts_option()
    @consent_options()
    def apply(plan_id: str, **options: Any) -> None:
        """Apply a plan that was only shown. Exits as opsdash do."""
        from opsdash.core.job import JobState

        job = read_job(plan_id)
        if job.state is not JobState.PLANNED:
            raise click.UsageError(f"plan {job.id} was applied already: {job.state.value}")
        raise SystemExit(_worked(job.plan, options, lambda work: work.apply(job.plan)))

    return apply


def resume_command() -> click.Command:
    """The click command ``plans resume``."""
    import click

    from opsdash.activities.troubleshoot.plan_options import consent_options
    from opsdash.engine.asked import hosts_option

    @click.command("resume", epilog=examples("opsdash plans resume 4f9c --again web1"))
    @click.argument("plan_id", metavar="ID")
    @click.option(
        "--again",
        metavar="HOST",
        multiple=True,
        help="Do the step again in which this host was when it broke off.",
    )
    @hosts_option()
    @consent_options()
    def resume(plan_id: str, again: tuple[str, ...], **options: Any) -> None:
        """Go on with a plan that was stopped, called off or broke off.

        Hosts that never began begin, those between two steps go on. Of a host that was in mid-step
        nobody knows how that ended: you are asked whether to do it again. Exits as opsdash do.
        """
        job = read_job(plan_id)
        if fault := _not_resumable(job, again):
            raise click.UsageError(fault)

        async def go_on(work: Application) -> int:
            return await work.resume(job, {*again, *await _once_more(job, again, work)})

        raise SystemExit(_worked(job.rest(), options, go_on))

    return resume


def _not_resumable(job: Job, again: tuple[str, ...]) -> str:
    """Why a job can't go on; empty: it can."""
    from opsdash.core.job import JobState

    if job.state in (JobState.PLANNED, JobState.RUNNING):
        verb = "apply it instead" if job.state is JobState.PLANNED else "it runs now"
        return f"plan {job.id} has not been broken off: {verb}"
    if not job.rest().hosts:
        return f"plan {job.id}: no host is left to go on with"
    unknown = [name for name in again if name not in job.runs]
    return f"--again {unknown[0]}: this host is not in the plan" if unknown else ""


async def _once_more(job: Job, again: tuple[str, ...], work: Application) -> list[str]:
    """The hosts whose step is to be done again, as the person says."""
    import click

    from opsdash.core.job import RunState
    from opsdash.core.prompts import Question, QuestionKind

    wanted: list[str] = []
    for run in job.in_state(RunState.RUNNING):
        if not run.in_mid_step or run.host in again:
            continue
        step = job.plan.steps_of(run.host)[run.begun - 1]
        text = f"it broke off in step {run.begun} ({step.does}); nobody knows how that ended"
        if not work.consent.prompter.present:
            click.echo(
                f"{run.host}: {text}: left alone (--again {run.host} does it again)", err=True
            )
            continue
        answer = await work.consent.prompter.ask(
            Question(
                f"again {run.host}",
                run.host,
                text,
                field="do that step again",
                kind=QuestionKind.CONFIRM,
            )
        )
        if answer is not None:
            wanted.append(run.host)
    return wanted


def undo_command() -> click.Command:
    """The click command ``plans undo``."""
    import click

    from opsdash.activities.troubleshoot.plan_options import consent_options
    from opsdash.engine.asked import hosts_option

    @click.command("undo", epilog=examples("opsdash plans undo 4f9c --plan"))
    @click.argument("plan_id", metavar="ID")
    @click.option("--plan", "plan_only", is_flag=True, help="Only show what would be done.")
    @hosts_option()
    @consent_options()
    def undo(plan_id: str, *, plan_only: bool, **options: Any) -> None:
        """Take back what a plan has done, where it can be: by a plan of its own.

        What was so before the plan is left as it is. Exits as opsdash do.
        """
        from opsdash.config.person import user_name
        from opsdash.core.action import Wish
        from opsdash.core.clock import now
        from opsdash.core.plan import plan_id as new_id
        from opsdash.core.undo import undo_plan

        at = now()
        plan = undo_plan(read_job(plan_id), Wish(new_id(at), user_name(), at))

        async def take_back(work: Application) -> int:
            return await (work.show_only(plan) if plan_only else work.apply(plan))

        raise SystemExit(_worked(plan, options, take_back))

    return undo


def _worked(
    plan: Plan, options: dict[str, Any], work: Callable[[Application], Awaitable[int]]
) -> int:
    """Do something with the hosts of a plan, on the fleet as it is declared now."""
    import asyncio

    return asyncio.run(_at_work(plan, options, work))


async def _at_work(
    plan: Plan, options: dict[str, Any], work: Callable[[Application], Awaitable[int]]
) -> int:
    from types import MappingProxyType

    from opsdash.activities.troubleshoot.applying import Application
    from opsdash.activities.troubleshoot.plan_options import consent_of
    from opsdash.engine.asked import surroundings, whole_fleet
    from opsdash.engine.look import for_one_look

    fleet = whole_fleet(options["hosts_file"])
    hosts = {name: fleet.hosts[name] for name in plan.names() if name in fleet.hosts}
    there = replace(fleet, hosts=MappingProxyType(hosts), passed_through=fleet.hosts)
    around = surroundings(batch=options["batch"] or options["as_json"])
    async with for_one_look(there, around) as session:
        return await work(Application(session.workshop, consent_of(options), options["as_json"]))
