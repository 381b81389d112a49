"""``opsdash inventory``: what the hosts of a fleet are made of, and what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

    from opsdash.core.selection import Selection
    from opsdash.core.snapshot import HostState, Snapshot
    from opsdash.engine.session import Session

EXAMPLES = examples(
    "opsdash inventory",
    "opsdash inventory tag:prod --csv > fleet.csv",
    "opsdash inventory 'db*' --root --json",
)
UNKNOWN = 3
"""The exit code when a host did not tell: unknown is not OK."""


def build() -> click.Command:
    """The click command ``inventory``."""
    import click

    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import deadline_option, hosts_option, made_up

    @click.command("inventory", epilog=EXAMPLES)
    @click.argument("select", nargs=-1, shell_complete=complete_select)
    @hosts_option()
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    @click.option("--csv", "as_csv", is_flag=True, help="CSV instead of a table.")
    @click.option("--root", is_flag=True, help="Serial numbers and memory modules too: one sudo.")
    @deadline_option()
    @click.option("--batch", is_flag=True, help="Ask nothing on the terminal.")
    @demo_option()
    def inventory(
        select: tuple[str, ...],
        hosts_file: str | None,
        deadline_s: float,
        demo: int | None,
        **flags: bool,
    ) -> None:
        """What the hosts are made of: machine, processors, memory, disks, network cards, software.

        SELECT names hosts as in "opsdash status". In a container the hardware is the whole
        machine's. --root needs a sudo that asks for no password. Exits with 3 if a host did not
        tell, else 0.
        """
        if flags["as_json"] and flags["as_csv"]:
            raise click.UsageError("--json or --csv, not both")
        wanted, root = select or ("all",), flags["root"] and demo is None
        session, selection = (
            _real(hosts_file, wanted, flags) if demo is None else made_up(demo, wanted)
        )
        names = ("os", "inventory", *(("nameplate",) if root else ()))
        raise SystemExit(_report(session, selection, flags, names=names, deadline_s=deadline_s))

    return inventory


def _real(
    hosts_file: str | None, select: tuple[str, ...], flags: Mapping[str, bool]
) -> tuple[Session, Selection]:
    from dataclasses import replace

    from opsdash.engine.asked import chosen, surroundings
    from opsdash.engine.session import Session

    fleet, selection = chosen(hosts_file, select)
    around = replace(surroundings(batch=flags["batch"]), root=flags["root"])
    return Session(fleet, around), selection


def _report(
    session: Session,
    selection: Selection,
    flags: Mapping[str, bool],
    *,
    names: tuple[str, ...],
    deadline_s: float,
) -> int:
    """Ask, show and judge: the exit code."""
    import asyncio

    from opsdash.activities.monitor.inventory_report import is_known
    from opsdash.engine.look import look

    snapshot = asyncio.run(look(session, deadline_s, names))
    states = [one for one in snapshot.hosts.values() if selection.matches(one, snapshot.at)]
    _show(snapshot, states, flags)
    return 0 if all(map(is_known, states)) else UNKNOWN


def _show(snapshot: Snapshot, states: list[HostState], flags: Mapping[str, bool]) -> None:
    import json

    import click

    from opsdash.activities.monitor import inventory_report as report

    if flags["as_json"]:
        click.echo(json.dumps(report.document(snapshot, states)))
    elif flags["as_csv"]:
        click.echo(report.as_csv(states), nl=False)
    else:
        click.echo("\n".join(report.as_table(states)))


COMMAND = Command("inventory", "what the hosts are made of, and what is installed", build)
