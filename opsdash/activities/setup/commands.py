"""``opsdash hosts``: what the hosts file says, whether it is right, and its form for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from opsdash.activities.setup.hosts_import import import_hosts
from opsdash.config import paths
from opsdash.config.completing import complete_select
from opsdash.config.open_fleet import (
    EXIT_USAGE,
    exit_on_bad_files,
    no_hosts_file,
    open_fleet,
)
from opsdash.core import discover
from opsdash.core.errors import SelectionError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.plugin import Command, examples
from opsdash.core.selection import parse_selection, select_hosts
from opsdash.core.table import table
from opsdash.core.text import clean, clean_line, count

JSON_VERSION = 1
HOSTS_EXAMPLES = examples(
    "opsdash hosts list tag:prod", "opsdash hosts check", "opsdash hosts schema"
)
_HEADER = ("NAME", "ADDRESS", "USER", "PORT", "JUMP", "GROUPS", "TAGS")

_hosts_option = click.option(
    "--hosts",
    "hosts_path",
    metavar="FILE",
    type=click.Path(),
    help="Hosts file instead of the usual one.",
)


@contextmanager
def _usage_is_64() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        error.show()
        raise SystemExit(EXIT_USAGE) from None


class _HostsGroup(click.Group):
    """A group whose usage errors exit with 64 wherever it is mounted."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        with _usage_is_64():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _usage_is_64():
            return super().invoke(ctx)


def build() -> click.Group:
    """The click group of ``opsdash hosts``."""
    words = "List, check, import and describe the hosts file."
    group = _HostsGroup("hosts", help=words, epilog=HOSTS_EXAMPLES)
    for command in (list_hosts, check_hosts, import_hosts, print_schema):
        group.add_command(command)
    return group


@click.command(
    "list",
    epilog=examples(
        "opsdash hosts list",
        "opsdash hosts list 'web*' tag:prod '!web3'",
        "opsdash hosts list group:db --json",
    ),
)
@click.argument("select", nargs=-1, shell_complete=complete_select)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@_hosts_option
def list_hosts(select: tuple[str, ...], hosts_path: str | None, *, as_json: bool) -> None:
    """List the hosts that SELECT names (default: all): names, globs, tag:NAME, group:NAME, !NOT."""
    with exit_on_bad_files():
        fleet = open_fleet(hosts_path, _known_checks())
        chosen = list(_chosen(fleet, select).values())
    for notice in fleet.notices:
        click.echo(clean_line(notice), err=True)
    if not fleet.source:
        click.echo(clean(no_hosts_file()), err=True)
    click.echo(_as_json(fleet, chosen) if as_json else "\n".join(_as_table(chosen)))


def _chosen(fleet: Fleet, select: tuple[str, ...]) -> dict[str, Host]:
    selection = parse_selection(select or ("all",))
    if selection.needs_state:
        raise SelectionError("hosts list asks no host: only names, tag: and group: select here")
    return select_hosts(selection, fleet.hosts)


def _known_checks() -> Mapping[str, bool] | None:
    return {one.id: one.lower_is_worse for one in discover.checks().values()} or None


def _as_table(hosts: list[Host]) -> list[str]:
    return table(_HEADER, [_row(host) for host in hosts])


def _row(host: Host) -> tuple[str, ...]:
    return (
        host.name,
        host.address or "",
        host.user or "",
        str(host.port or ""),
        host.jump or "",
        ",".join(host.groups),
        ",".join(sorted(host.tags)),
    )


def _as_json(fleet: Fleet, hosts: list[Host]) -> str:
    document = {
        "version": JSON_VERSION,
        "source": fleet.source,
        "hosts": [_as_object(host) for host in hosts],
    }
    return json.dumps(document, indent=2)


def _as_object(host: Host) -> dict[str, Any]:
    return {
        "name": host.name,
        "address": host.address,
        "port": host.port,
        "user": host.user,
        "keys": list(host.keys),
        "jump": host.jump,
        "tags": sorted(host.tags),
        "groups": list(host.groups),
        "sudo": host.sudo,
        "host_key": host.host_key,
        "known_hosts": list(host.known_hosts),
        "interval_s": host.interval_s,
        "thresholds": {
            check: {"warn": limits.warn, "crit": limits.crit}
            for check, limits in host.thresholds.items()
        },
        "probes": [
            {
                "name": probe.name,
                "kind": probe.kind,
                "target": probe.target,
                "from": probe.origin,
                "every_s": probe.every_s,
                "timeout_s": probe.timeout_s,
            }
            for probe in host.probes
        ],
        "logs": [
            {"name": log.name, "path": log.path or None, "command": log.command or None}
            for log in host.logs
        ],
        "transport": host.way,
        "ssh_config": host.ssh_config,
    }


@click.command(
    "check", epilog=examples("opsdash hosts check", "opsdash hosts check ./new-hosts.yaml")
)
@click.argument("file", required=False, type=click.Path())
@_hosts_option
def check_hosts(file: str | None, hosts_path: str | None) -> None:
    """Check FILE, or the hosts file in use: every fault with its line, exit 65 if there is any."""
    with exit_on_bad_files():
        path = paths.hosts_file(file or hosts_path)
        if path is None:
            click.echo(clean(no_hosts_file()), err=True)
            raise SystemExit(EXIT_USAGE)
        fleet = open_fleet(file or hosts_path, _known_checks())
    for notice in fleet.notices:
        click.echo(clean_line(notice), err=True)
    groups = {group for host in fleet.hosts.values() for group in host.groups}
    found = f"{count(len(fleet.hosts), 'host')}, {count(len(groups), 'group')}, 0 faults"
    click.echo(f"{clean_line(fleet.source)}: {found}")


@click.command("schema", epilog=examples("opsdash hosts schema > hosts.schema.json"))
def print_schema() -> None:
    """Print the JSON schema of hosts.yaml, for editors and other programs."""
    from opsdash.config.hosts_schema import hosts_json_schema  # pydantic costs 80 ms

    click.echo(json.dumps(hosts_json_schema(), indent=2))


COMMAND = Command("hosts", "List, check, import and describe the hosts file", build)
