"""``opsdash hosts import``: the hosts that another program's files name, taken over."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opsdash.config import paths
from opsdash.config.open_fleet import exit_on_bad_files
from opsdash.core.table import table
from opsdash.core.text import clean_line, count

if TYPE_CHECKING:
    from opsdash.config.importers.plan import ImportPlan

_SHOWN = 20
"""Hosts that are left out are named up to this many: the rest stands in the file."""

_HINT = "Nothing is written. What is read, and how, is explained in docs/hosts-file.md, Import."

_KINDS = ("ssh-config", "ansible", "clustershell")
_EXAMPLES = """
\b
Examples:
  opsdash hosts import ssh-config                      what would be written
  opsdash hosts import ssh-config --write              write it
  opsdash hosts import ssh-config ~/work/ssh_config --write
  opsdash hosts import ansible inventories/prod/hosts.yml --write
  opsdash hosts import clustershell /etc/clustershell/groups.d/cluster.yaml
"""


def _who_names_another() -> str:
    """What puts another hosts file in the place of the user's own; empty if nothing does."""
    if click.get_current_context().find_root().params.get("hosts_file"):
        return "--hosts"
    return f"${paths.HOSTS_VARIABLE}" if os.environ.get(paths.HOSTS_VARIABLE) else ""


@click.command("import", epilog=_EXAMPLES)
@click.argument("kind", metavar="[KIND]", required=False, type=click.Choice(_KINDS))
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Write the file instead of printing it.")
@click.option("--name", default="", metavar="NAME", help="Name of the file in hosts.d.")
@click.option(
    "--force", is_flag=True, help="Replace an import of another source, or a changed one."
)
@click.option("--no-ansible", is_flag=True, help="Read inventories without ansible-inventory.")
def import_hosts(kind: str | None, path: Path | None, name: str, **options: bool) -> None:
    """Take over the hosts that another program's file names.

    KIND is ssh-config, ansible or clustershell; without PATH their usual place is read. Without
    KIND either, what there is in all usual places is listed.

    Prints the hosts file that it would write. With --write it becomes a file of its own in hosts.d,
    beside hosts.yaml, which opsdash reads with it. No file of yours is changed.
    """
    if kind is None:
        _list_what_is_there()
        return
    from opsdash.config.importers.plan import plan_import, write_import  # yaml costs 40 ms

    with exit_on_bad_files(_HINT):
        plan = plan_import(kind, path, name=name, by_ansible=not options["no_ansible"])
        if options["write"]:
            write_import(plan, force=options["force"])
    if not options["write"]:
        click.echo(plan.text, nl=False)
        sys.stdout.flush()
    for line in _said(plan, written=options["write"]):
        click.echo(clean_line(line), err=True)


def _list_what_is_there() -> None:
    """Print what can be imported from the usual places; a usage error if there is nothing."""
    from opsdash.config.offers import offers

    found = offers()
    if not found:
        raise click.UsageError("nothing to import in the usual places: say KIND and PATH")
    rows = [(one.path, str(one.hosts), one.command) for one in found]
    click.echo("\n".join(table(("FOUND", "HOSTS", "TO IMPORT THEM"), rows)))


def _said(plan: ImportPlan, *, written: bool) -> list[str]:
    """What is worth a word beside the file: who was left out, and what became of it."""
    lines = [f"left out: {text}" for text in plan.left_out[:_SHOWN]]
    if len(plan.left_out) > _SHOWN:
        lines.append(f"left out: {len(plan.left_out) - _SHOWN} more, named at the end of the file")
    lines += plan.notes
    groups = f" in {count(len(plan.groups), 'group')}" if plan.groups else ""
    hosts = f"{count(len(plan.hosts), 'host')}{groups}"
    if written:
        lines.append(f"{hosts} written to {plan.target}; look at them: opsdash hosts list")
    else:
        lines.append(f"{hosts}. Nothing is written yet: --write makes {plan.target}")
    if named := _who_names_another():
        lines.append(f"{named} names another hosts file: hosts.d is not read with it")
    return lines
