"""What ``opsdash run`` does: from the command line to a plan, to a job, to what it came to."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from opsdash.activities.troubleshoot.applying import (
    Consent,
    called_off_by_ctrl_c,
    refused,
)
from opsdash.activities.troubleshoot.plan_words import ended_code, plan_lines
from opsdash.activities.troubleshoot.run_again import hosts_of, same_wish, still_there
from opsdash.activities.troubleshoot.run_progress import RunProgress
from opsdash.activities.troubleshoot.run_report import (
    as_lines,
    compared,
    document,
    head_line,
)
from opsdash.config.field_values import span_s
from opsdash.config.input_file import not_longer, read_input
from opsdash.config.person import user_name
from opsdash.core import clock
from opsdash.core.confirm import Asked, headless_refusal
from opsdash.core.errors import OpsdashError
from opsdash.core.fleet import Fleet
from opsdash.core.folding import Group, Mask, fold
from opsdash.core.interactive import never_ends, wants_terminal
from opsdash.core.job import Job
from opsdash.core.plan import LeftOut, Plan, plan_id
from opsdash.core.progress import progress
from opsdash.core.prompts import Nobody, Prompter
from opsdash.core.run_plan import (
    MOST_SCRIPT_BYTES,
    MOST_STDIN_BYTES,
    RunWish,
    command_of,
    env_of,
    run_plan,
    script_wish,
)
from opsdash.core.text import clean_line
from opsdash.core.volatile import Volatile
from opsdash.engine.asked import asked_once, chosen, surroundings
from opsdash.engine.demo import CANT_RUN
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.tty_prompter import TtyPrompter
from opsdash.engine.workshop import Workshop, workshop_alone
from opsdash.store.jobs import Jobs, JobsError

LOOK_S = 10.0
"""How long hosts are asked how they are, where the selection needs to know."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What was typed: SELECT, what stands behind ``--``, the options, and the names of those that
    were given.
    """

    select: tuple[str, ...]
    words: tuple[str, ...]
    options: Mapping[str, Any]
    given: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Any:
        return self.options[name]


def run_it(asking: Asking) -> int:
    """Do it; gives the exit code. UsageError for what can't be meant."""
    around = surroundings(batch=asking["as_json"] or asking["batch"])
    try:
        before = Jobs(around.state_dir).named(asking["again"]) if asking["again"] else None
        wish = _wish(asking, before)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except JobsError as error:
        return refused(str(error), error.hint)
    if why := "" if asking["script"] else wants_terminal(wish.command):
        return refused(why)
    if asking["demo"] is not None:
        return refused(CANT_RUN)
    if why := "" if asking["script"] else never_ends(wish.command):
        click.echo(f"opsdash: {why}; it is cut off after {asking['timeout']}", err=True)
    fleet = fleet_of(asking)
    names: tuple[str, ...] = tuple(fleet.hosts)
    left_out: list[LeftOut] = []
    if before is not None:
        names, left_out = _of_before(asking, before, fleet)
    plan = replace(
        run_plan(wish, names, left_out),
        id=plan_id(clock.now()),
        at=clock.now(),
        who=user_name(),
    )
    return asyncio.run(apply_run(asking, plan, fleet, around))


def _of_before(asking: Asking, before: Job, fleet: Fleet) -> tuple[tuple[str, ...], list[LeftOut]]:
    """The hosts of an earlier run that are chosen; UsageError where there are none."""
    try:
        names, left_out = still_there(hosts_of(before, asking["bucket"]), fleet)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return names, [] if asking.select else left_out  # SELECT leaves hosts out, and that is no news


def _wish(asking: Asking, before: Job | None) -> RunWish:
    if asking["each"] and asking["as_json"]:
        raise ValueError("--each or --json, not both")
    if before is None and not asking.select:
        raise ValueError("which hosts? give SELECT, or --again ID for those of an earlier run")
    if before is None and asking["bucket"]:
        raise ValueError("--bucket is about an earlier run: give --again ID")
    if before is not None and not asking.words and not asking["script"]:
        wish = same_wish(before, asking.options, asking.given)
        if not asking["stdin_file"]:
            return wish
        return replace(wish, stdin=_read(asking["stdin_file"], MOST_STDIN_BYTES))
    wish = RunWish(
        "",
        stdin=_read(asking["stdin_file"], MOST_STDIN_BYTES) if asking["stdin_file"] else None,
        env=env_of(asking["env"]),
        cwd=asking["cwd"],
        root=asking["sudo"],
        timeout_s=span_s(asking["timeout"]),
        max_bytes=asking["max_output"],
        at_a_time=asking["at_a_time"],
        canary=asking["canary"],
        stop=asking["stop"],
        name=clean_line(asking["name"], 40),
    )
    if path := asking["script"]:
        text = _read(path, MOST_SCRIPT_BYTES)
        return script_wish(text, Path(path).name, asking.words, wish)
    return replace(wish, command=command_of(asking.words) if asking.words else command_of([""]))


def _read(path: str, most: int) -> bytes:
    """A file, or standard input; ValueError: it can't be read, or is too long."""
    if path == "-":
        return not_longer("standard input", sys.stdin.buffer.read(most + 1), most)
    return read_input(path, most)


def fleet_of(asking: Asking) -> Fleet:
    """The fleet with the selected hosts alone; they are asked how they are only if it is needed."""
    fleet, selection = chosen(asking["hosts_file"], asking.select or ("all",))
    if not selection.needs_state:
        return fleet
    from opsdash.core.errors import SelectionError
    from opsdash.engine.look import look

    session, selection = asked_once(asking["hosts_file"], None, asking.select, batch=False)
    snapshot = asyncio.run(look(session, LOOK_S))
    states = snapshot.hosts.values()
    names = {one.name for one in states if selection.matches(one, snapshot.at)}
    if not names:
        raise SelectionError(f"no host fits {' '.join(asking.select)!r} now")
    hosts = {name: host for name, host in fleet.hosts.items() if name in names}
    return replace(fleet, hosts=MappingProxyType(hosts))


async def apply_run(asking: Asking, plan: Plan, fleet: Fleet, around: Surroundings) -> int:
    """Show it, ask, run it, and say what it came to, hosts that answered the same together: gives
    the exit code.
    """
    async with workshop_alone(fleet, around) as workshop:
        try:
            earlier = workshop.jobs.named(asking["compare"]) if asking["compare"] else None
        except JobsError as error:
            return refused(str(error), error.hint)
        why = workshop.guard.refusal(plan, clock.now())
        why = why or await _not_agreed(asking, plan, workshop.guard.asked(plan))
        if why:
            await workshop.runner.note_refusal(plan, why)
            return refused(why)
        try:
            job = await _applied(asking, plan, workshop)
        except OpsdashError as error:
            return refused(str(error), error.hint)
    _tell(asking, job, fleet, earlier)
    return ended_code(job, job.plan.left_out)


async def _not_agreed(asking: Asking, plan: Plan, asked: Asked) -> str:
    """Why the plan may not run; empty: somebody agreed. Who can be asked sees it first."""
    silent = asking["as_json"] or asking["batch"]
    prompter: Prompter = Nobody() if silent else TtyPrompter()
    consent = Consent(asking["yes"], asking["confirmed"], prompter)
    if headless_refusal(asked, yes=consent.yes, value=consent.value) and prompter.present:
        for text in plan_lines(plan):
            click.echo(text, err=True)
        click.echo("", err=True)
    return await consent.given(asked)


async def _applied(asking: Asking, plan: Plan, workshop: Workshop) -> Job:
    """Run it, showing how far it is; the first ctrl+c calls it off, which is waited for."""
    if workshop.wants_root(plan):
        workshop.privilege.want(lambda text: click.echo(clean_line(text), err=True))
    handle = await workshop.runner.begin(plan)
    shown = RunProgress(handle, each=asking["each"])
    watching = asyncio.create_task(shown.follow())
    try:
        with called_off_by_ctrl_c(handle):
            return await handle.wait()
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        shown.end()


def _tell(asking: Asking, job: Job, fleet: Fleet, earlier: Job | None) -> None:
    import json

    mask = _mask(fleet) if asking["mask"] else None
    groups = fold(job.runs.values(), mask)
    if asking["as_json"]:
        click.echo(json.dumps(document(job, groups)))
        return
    width = shutil.get_terminal_size((100, 24)).columns
    if not asking["each"]:
        for text in as_lines(groups, width):
            click.echo(text)
        click.echo("")
    if earlier is not None:
        for line in compared(earlier, fold(earlier.runs.values(), mask), groups):
            click.echo(str(line))
        click.echo("")
    _tell_end(job, groups)


def _tell_end(job: Job, groups: tuple[Group, ...]) -> None:
    if job.stopped:
        click.echo(f"stopped: {clean_line(job.stopped)}", err=True)
    click.echo(head_line(job, groups, progress(job, clock.now())), err=True)


def _mask(fleet: Fleet) -> Mask:
    hosts = {**fleet.passed_through, **fleet.hosts}
    names = {name for host in hosts.values() for name in (host.name, host.address or "")}
    return Volatile([*names, os.uname().nodename]).mask
