"""``opsdash plans``: plans that were shown, are applied, were, or broke off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

    from opsdash.core.job import Job

EXAMPLES = examples(
    "opsdash plans list",
    "opsdash plans show 4f9c",
    "opsdash plans apply 261127-2317-4f9c --confirm prod",
    "opsdash plans resume 4f9c",
    "opsdash plans undo 4f9c --yes",
)
LISTED = 30


def build() -> click.Command:
    """The click group ``plans``."""
    import click

    from opsdash.activities.troubleshoot.plans_applied import (
        apply_command,
        resume_command,
        undo_command,
    )

    @click.group("plans", epilog=EXAMPLES)
    def plans() -> None:
        """Plans that were shown, are applied now, were applied, or broke off.

        An ID may be cut to its beginning or end, as long as one plan fits.
        """

    for one in (_list(), _show(), apply_command(), resume_command(), undo_command()):
        plans.add_command(one)
    return plans


def _list() -> click.Command:
    import click

    @click.command("list", epilog=examples("opsdash plans list --all", "opsdash plans list --json"))
    @click.option("--all", "everything", is_flag=True, help=f"Not only the newest {LISTED}.")
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    def show_list(*, everything: bool, as_json: bool) -> None:
        """The plans, the newest first. One that is BROKEN OFF can go on: plans resume ID."""
        import json
        from itertools import islice

        from opsdash.activities.troubleshoot.plans_applied import kept_jobs
        from opsdash.core.job import Job
        from opsdash.core.table import table

        found = list(islice(kept_jobs().all(), None if everything else LISTED))
        jobs = [one for one in found if isinstance(one, Job)]
        if as_json:
            from opsdash.activities.troubleshoot.plan_document import SCHEMA

            rows = [_brief(job) for job in jobs]
            click.echo(json.dumps({"schema": SCHEMA, "plans": rows}))
        elif jobs:
            header = ("ID", "WHEN", "WHO", "STATE", "HOSTS", "WHAT")
            click.echo("\n".join(table(header, [_row(job) for job in jobs])))
        else:
            click.echo("There are no plans yet: opsdash do list shows what can be done.")
        for one in found:
            if not isinstance(one, Job):
                click.echo(f"opsdash: {one}", err=True)

    return show_list


def _brief(job: Job) -> dict[str, Any]:
    from opsdash.activities.troubleshoot.plan_document import job_document

    known = job_document(job)
    names = ("id", "at", "who", "action", "target", "title", "state", "stopped", "note")
    return {**{name: known[name] for name in names}, "hosts": len(job.runs)}


def _row(job: Job) -> tuple[str, ...]:
    import time

    from opsdash.core.job import JobState, RunState

    plan = job.plan
    at = job.began_at or plan.at
    done = len(job.in_state(RunState.DONE))
    hosts = f"{len(job.runs)}" if job.state is JobState.PLANNED else f"{done}/{len(job.runs)} done"
    state = job.state.value.replace("-", " ")
    if job.state in (JobState.BROKEN_OFF, JobState.STOPPED):
        state = state.upper()
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else ""
    return (plan.id, when, plan.who, state, hosts, plan.title)


def _show() -> click.Command:
    import click

    @click.command("show", epilog=examples("opsdash plans show 4f9c --json"))
    @click.argument("plan_id", metavar="ID")
    @click.option("--json", "as_json", is_flag=True, help="JSON, with what the steps put out.")
    @click.option("--full", is_flag=True, help="The scripts that only look, too.")
    def show(plan_id: str, *, as_json: bool, full: bool) -> None:
        """A plan: what it would do or has done, and what came of it on each host."""
        import json

        from opsdash.activities.troubleshoot.plan_document import job_document
        from opsdash.activities.troubleshoot.plan_words import job_words, plan_lines, run_line
        from opsdash.activities.troubleshoot.plans_applied import read_job
        from opsdash.core.job import JobState

        job = read_job(plan_id)
        if as_json:
            click.echo(json.dumps(job_document(job)))
            return
        for line in plan_lines(job.plan, full=full):
            click.echo(line)
        if job.state is not JobState.PLANNED:
            click.echo("")
            for run in job.runs.values():
                click.echo(run_line(run))
        click.echo(f"\n{job_words(job)}")

    return show


COMMAND = Command("plans", "plans: list, show, apply, resume, undo", build)
