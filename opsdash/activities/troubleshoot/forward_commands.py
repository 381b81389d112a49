"""``opsdash forward``: a port of this machine that leads to a host, from a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.errors import HostError
from opsdash.core.forward import parse_wish
from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

    from opsdash.core.fleet import Fleet
    from opsdash.core.forward import Wish
    from opsdash.core.problem import Problem

EXAMPLES = examples("opsdash forward web1 8080:80", "opsdash forward bastion 5432:db.internal:5432")

NOT_STARTED = 1

DEADLINE_S = 20.0
"""How long the host may take to let us in."""


def build() -> click.Command:
    """The click command ``forward``."""
    import click

    from opsdash.config.completing import complete_hosts

    @click.command("forward", epilog=EXAMPLES)
    @click.argument("host", shell_complete=complete_hosts)
    @click.argument("ports", metavar="PORTS")
    @click.option("--hosts", "hosts_file", metavar="FILE", help="The hosts file to use.")
    def forward(host: str, ports: str, hosts_file: str | None) -> None:
        """Lead a port of this machine to one of HOST, or to what HOST reaches, until ctrl+c.

        PORTS is PORT, PORT:PORT or PORT:HOST:PORT, the first one here (0: any that is free). It
        is listened on at 127.0.0.1 alone, waits while the host is gone, and works again after.
        """
        import asyncio
        from contextlib import suppress

        try:
            wish = parse_wish(ports)
        except ValueError as error:
            raise click.UsageError(f"PORTS {ports!r}: {error}") from None
        with suppress(KeyboardInterrupt):
            raise SystemExit(asyncio.run(_forward(_alone(hosts_file, host), host, wish)))

    return forward


def _alone(hosts_file: str | None, name: str) -> Fleet:
    """The fleet of this host, and of those that it is reached through."""
    from dataclasses import replace
    from types import MappingProxyType

    import click

    from opsdash.config.open_fleet import open_fleet
    from opsdash.core.discover import checks
    from opsdash.engine.ways import reachable

    fleet = open_fleet(hosts_file, {one.id: one.lower_is_worse for one in checks().values()})
    if name not in fleet.hosts:
        raise click.UsageError(f"HOST {name} is none of these hosts: opsdash hosts list names them")
    alone = MappingProxyType({name: fleet.hosts[name]})
    return replace(fleet, hosts=alone, passed_through=reachable(fleet))


async def _forward(fleet: Fleet, name: str, wish: Wish) -> int:
    import asyncio

    import click

    from opsdash.engine.asked import surroundings
    from opsdash.engine.look import for_one_look, settle

    async with for_one_look(fleet, surroundings(batch=False)) as session:
        await settle(session, DEADLINE_S, ("uptime",))
        problem = session.snapshot().hosts[name].link.problem
        if problem is not None:
            return _refused(problem)
        try:
            made = await session.forwards.open(name, wish, lambda text: click.echo(text, err=True))
        except HostError as error:
            return _refused(error.problem)
        click.echo(f"{made.at} leads to {made.wish.to} of {name}; ctrl+c ends it")
        if made.said:
            click.echo(f"opsdash: {made.said}", err=True)
        await asyncio.Event().wait()
    return 0


def _refused(problem: Problem) -> int:
    import click

    click.echo(f"opsdash: {problem.text}; {problem.hint_once}", err=True)
    return NOT_STARTED


COMMAND = Command("forward", "a port here that leads to one of a host", build)
