"""``opsdash actions``: what can be done to hosts, the user's own included, and if that is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import click

    from opsdash.core.action import Action
    from opsdash.core.own_actions import OwnActions

SCHEMA = "opsdash-actions-1"
LIST = examples("opsdash actions list", "opsdash actions list --json")
CHECK = examples("opsdash actions check", "opsdash actions check ops/actions.yaml")
HINT = "docs/own-actions.md explains every field"
SHELL_S = 10.0


def build() -> click.Command:
    """The click group ``actions``."""
    import click

    @click.group("actions", epilog=LIST)
    def actions() -> None:
        """What can be done to hosts: what comes with opsdash, and your own (actions.yaml)."""

    actions.add_command(_list())
    actions.add_command(_check())
    return actions


def _list() -> click.Command:
    import click

    from opsdash.engine.asked import hosts_option

    @click.command("list", epilog=LIST)
    @hosts_option()
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    def list_(hosts_file: str | None, *, as_json: bool) -> None:
        """All actions; your own with the place where each is written."""
        from opsdash.core.discover import every_action
        from opsdash.core.table import table

        own = _own(hosts_file)
        found = sorted(every_action(own.actions).values(), key=lambda one: one.id)
        if as_json:
            told = {"schema": SCHEMA, "actions": [_told(one, own) for one in found]}
            click.echo(json.dumps(told))
        else:
            rows = [
                (one.id, one.danger.value, one.usage(), own.places.get(one.id, "-"))
                for one in found
            ]
            click.echo("\n".join(table(("ACTION", "DANGER", "ARGUMENTS", "OWN"), rows)))
        if own.notice:
            click.echo(f"opsdash: {own.notice}", err=True)

    return list_


def _told(one: Action, own: OwnActions) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "danger": one.danger.value,
        "target": one.target or None,
        "place": own.places.get(one.id),
        "arguments": [
            {
                "name": argument.name,
                "help": argument.help,
                "default": argument.default,
                "choices": list(argument.choices),
                "names": argument.names or None,
            }
            for argument in one.arguments
        ],
    }


def _check() -> click.Command:
    import click

    from opsdash.engine.asked import hosts_option

    @click.command("check", epilog=CHECK)
    @click.argument("files", nargs=-1, type=click.Path(), metavar="[FILE]...")
    @hosts_option()
    def check(files: tuple[str, ...], hosts_file: str | None) -> None:
        """Check your own actions, their scripts by sh -n: those of these files, or all.

        Exits with 65 if one has faults, each with its place.
        """
        from opsdash.config.open_fleet import exit_on_bad_files

        with exit_on_bad_files(HINT):
            lines = _checked(files, hosts_file)
        click.echo("\n".join(lines))

    return check


def _checked(files: tuple[str, ...], hosts_file: str | None) -> Iterable[str]:
    from pathlib import Path

    from opsdash.config.actions_file import own_actions, read_actions
    from opsdash.config.paths import actions_files
    from opsdash.core.errors import ConfigError

    source = _source(hosts_file)
    if files:
        found = [read_actions(Path(name), shell_fault) for name in files]
    else:
        found = [own_actions(source, shell_fault)]
    if faults := [fault for one in found for fault in one.faults]:
        raise ConfigError(faults)
    lines = [f"{place}: {name}: right" for one in found for name, place in one.places.items()]
    places = " or ".join(str(path) for path in actions_files(source))
    return lines or [f"There are no actions of your own: write them in {places}."]


def shell_fault(script: str) -> str:
    """What ``sh -n`` has against a script, in its words; empty: nothing."""
    import asyncio

    from opsdash.core.errors import HostError
    from opsdash.core.text import clean_line
    from opsdash.transport.process import run

    try:
        done = asyncio.run(run(["sh", "-n"], stdin=script.encode(), timeout_s=SHELL_S))
    except HostError as error:
        return error.problem.text
    if done.status == 0:
        return ""
    return f"sh can't read it: {clean_line(done.stderr.decode('utf-8', 'replace').strip(), 120)}"


def _source(hosts_file: str | None) -> str:
    from opsdash.config.open_fleet import exit_on_bad_files
    from opsdash.config.paths import hosts_file as which

    with exit_on_bad_files():
        path = which(hosts_file)
    return str(path) if path is not None else ""


def _own(hosts_file: str | None) -> OwnActions:
    from opsdash.config.actions_file import own_actions

    return own_actions(_source(hosts_file))


COMMAND = Command("actions", "what can be done to hosts, and if your own actions are right", build)
