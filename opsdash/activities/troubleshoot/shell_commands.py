"""``opsdash shell``: a shell on a host from a command line, as the key of the screen opens one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from opsdash.core.errors import HostError
from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

    from opsdash.core.fleet import Fleet

EXAMPLES = examples("opsdash shell web1", "opsdash --read-only shell web1   # is refused")

NOT_STARTED, REFUSED = 1, 4


def build() -> click.Command:
    """The click command ``shell``."""
    import click

    from opsdash.config.completing import complete_hosts

    @click.command("shell", epilog=EXAMPLES)
    @click.argument("host", shell_complete=complete_hosts)
    @click.option("--hosts", "hosts_file", metavar="FILE", help="The hosts file to use.")
    def shell(host: str, hosts_file: str | None) -> None:
        """A shell on HOST by the system's ssh, with the way, keys and host keys of hosts.yaml.

        It is written to the audit log, and refused where nothing may be changed (exit code 4).
        Exits as ssh does: with what the last command there ended with, or 255.
        """
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            text = "it needs a terminal; opsdash run HOST -- CMD runs a command without one"
            raise click.UsageError(text)
        import asyncio

        from opsdash.config.open_fleet import open_fleet
        from opsdash.core.discover import checks

        fleet = open_fleet(hosts_file, {one.id: one.lower_is_worse for one in checks().values()})
        raise SystemExit(asyncio.run(_shell(fleet, host)))

    return shell


async def _shell(fleet: Fleet, name: str) -> int:
    import click

    from opsdash.core.problem import ProblemKind
    from opsdash.core.shell import ShellEnd
    from opsdash.engine.asked import surroundings
    from opsdash.engine.shells import ShellLog, shell_command
    from opsdash.engine.workshop import workshop_alone
    from opsdash.transport.on_terminal import on_terminal

    around = surroundings(batch=True)
    async with workshop_alone(fleet, around) as shop:
        log = ShellLog(shop.audit, shop.guard.refusal, around.clock, around.from_where)
        ended = ShellEnd(None, "opsdash ended before it")
        try:
            found = await shell_command(fleet, name, around.state_dir / "known_hosts")
            command = await log.begin(found)
            try:
                ended = await on_terminal(command)
            finally:
                await log.end(command, ended)
        except HostError as error:
            click.echo(f"opsdash: {error.problem.text}; {error.problem.hint_once}", err=True)
            return REFUSED if error.problem.kind is ProblemKind.DENIED else NOT_STARTED
    if ended.failed(command):
        click.echo(f"opsdash: {ended.sentence(command)}; opsdash doctor {name} tells why", err=True)
    status = ended.status or 0
    return status if status >= 0 else 128 - status


COMMAND = Command("shell", "a shell on a host, by ssh", build)
