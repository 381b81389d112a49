"""``opsdash ansible`` and ``opsdash pyinfra``: what is automated already, on the selected hosts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from opsdash.core.automation import ANSIBLE, PYINFRA, Automated, Tool
from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

EXAMPLES = {
    ANSIBLE.name: examples(
        "opsdash ansible site.yml tag:web",
        "opsdash ansible site.yml tag:web --apply --canary 1 --confirm 12 -- --tags nginx",
    ),
    PYINFRA.name: examples(
        "opsdash pyinfra deploy.py 'web*'",
        "opsdash pyinfra deploy.py 'web*' --apply --confirm 12",
    ),
}


def _build(tool: Tool) -> click.Command:
    import click

    from opsdash.activities.troubleshoot.plan_options import (
        BEHIND,
        consent_options,
        output_options,
        rollout_options,
        with_words_behind,
    )
    from opsdash.config.completing import complete_select
    from opsdash.engine.asked import hosts_option

    file = tool.file.upper()

    @click.command(
        tool.name,
        cls=with_words_behind(f"{file} SELECT...", "ARGS..."),
        epilog=EXAMPLES[tool.name],
        options_metavar="[OPTIONS]",
        help=_help(tool),
        short_help=f"a {tool.file} of {tool.name}, on the selected hosts",
    )
    @click.argument("file", metavar=file, type=click.Path())
    @click.argument("select", nargs=-1, required=True, shell_complete=complete_select)
    @click.option("--apply", is_flag=True, help="Do it.")
    @click.option("--timeout", default="30m", show_default=True, help="As in 30s, 5m, 1h.")
    @hosts_option()
    @rollout_options()
    @output_options()
    @consent_options()
    @click.pass_context
    def automate(ctx: click.Context, /, file: str, select: tuple[str, ...], **options: Any) -> None:
        from opsdash.activities.troubleshoot.run_command import Asking

        raise SystemExit(_run(tool, file, Asking(select, tuple(ctx.meta[BEHIND]), options)))

    return automate


def _help(tool: Tool) -> str:
    return f"""Let {tool.program} do what a {tool.file} says to the selected hosts.

    Without --apply it only looks what it would do ({_dry(tool)}). {tool.program} is run on this
    machine, once for each wave, with an inventory of the hosts that is made for it and taken
    away again; ARGS are passed on to it. The plan is shown and asked for, also without
    --apply: a task may say that it runs in a dry run, too.

    Exits as opsdash run.
    """


def _dry(tool: Tool) -> str:
    return "--check --diff" if tool is ANSIBLE else "--dry"


def _run(tool: Tool, file: str, asking: Any) -> int:
    import asyncio

    import click

    from opsdash.activities.troubleshoot.applying import refused
    from opsdash.activities.troubleshoot.plan_options import changed
    from opsdash.activities.troubleshoot.run_command import apply_run, fleet_of
    from opsdash.config.field_values import span_s
    from opsdash.core.clock import now
    from opsdash.core.errors import Refused
    from opsdash.core.plan import ALL_AT_ONCE
    from opsdash.engine.asked import surroundings
    from opsdash.engine.automation import automation_plan

    fleet = fleet_of(asking)
    around = surroundings(batch=asking["as_json"] or asking["batch"])
    try:
        timeout_s = span_s(asking["timeout"])
    except ValueError as error:
        raise click.UsageError(f"--timeout: {error}") from None
    wish = Automated(
        tool,
        file,
        asking.words,
        apply=asking["apply"],
        timeout_s=timeout_s,
        at=now(),
        rollout=changed(replace(ALL_AT_ONCE), asking.options),
    )
    known_hosts = around.state_dir / "known_hosts"
    try:
        plan = asyncio.run(automation_plan(wish, fleet, tuple(fleet.hosts), known_hosts))
    except Refused as error:
        return refused(str(error), error.hint)
    code = asyncio.run(apply_run(asking, plan, fleet, around))
    if not wish.apply and code == 0:
        click.echo("nothing was applied: --apply does it", err=True)
    return code


COMMANDS = tuple(
    Command(
        tool.name, f"a {tool.file} of {tool.name}, on the selected hosts", partial(_build, tool)
    )
    for tool in (ANSIBLE, PYINFRA)
)
ANSIBLE_COMMAND, PYINFRA_COMMAND = COMMANDS
