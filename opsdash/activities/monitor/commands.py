"""``opsdash status``: the fleet's health on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from opsdash.core.health import Health, exit_code
from opsdash.core.plugin import Command, examples
from opsdash.core.text import count

if TYPE_CHECKING:
    import click

    from opsdash.core.selection import Selection
    from opsdash.core.snapshot import HostState, Snapshot
    from opsdash.engine.session import Session

    Show = Callable[[Snapshot, Selection, tuple[str, ...]], int]

WATCH_S = 5.0
EXAMPLES = examples(
    "opsdash status",
    "opsdash status 'web*' tag:prod '!web3'",
    "opsdash status state:warn --json",
    "opsdash status --watch --batch",
    "opsdash status --demo 50",
)
UNKNOWN = exit_code([Health.UNKNOWN])


def build() -> click.Command:
    """The click command ``status``."""
    import click

    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import deadline_option, hosts_option, made_up

    @click.command("status", epilog=EXAMPLES)
    @click.argument("select", nargs=-1, shell_complete=complete_select)
    @hosts_option()
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    @click.option("--watch", is_flag=True, help="Again and again, until Ctrl+C.")
    @deadline_option()
    @click.option(
        "--batch", is_flag=True, help="Ask nothing on the terminal: no password, no passphrase."
    )
    @demo_option()
    def status(
        select: tuple[str, ...],
        hosts_file: str | None,
        deadline_s: float,
        demo: int | None,
        **flags: bool,
    ) -> None:
        """How the fleet is now, worst first.

        SELECT names hosts: names and globs, tag:NAME, group:NAME, os:ID, state:warn, cpu>80,
        !NAME; "all" or nothing means every host. Exits with 2 if any host is CRIT or DOWN, else 1
        if any is WARN, else 3 if any is UNKNOWN, else 0.
        """
        wanted = select or ("all",)
        if demo is not None:
            session, selection = made_up(demo, wanted)
        else:
            session, selection = _real(hosts_file, wanted, flags)
        raise SystemExit(_report(session, selection, deadline_s, flags))

    return status


def _report(
    session: Session, selection: Selection, deadline_s: float, flags: Mapping[str, bool]
) -> int:
    """Ask, show and judge: the exit code."""
    import asyncio

    show = _show_json if flags["as_json"] else _show_table
    run = _watch if flags["watch"] else _once
    return asyncio.run(run(session, (selection, show), deadline_s))


def _real(
    hosts_file: str | None, select: tuple[str, ...], flags: Mapping[str, bool]
) -> tuple[Session, Selection]:
    """The hosts of the hosts file, once or for as long as somebody watches."""
    from opsdash.engine.asked import chosen, surroundings
    from opsdash.engine.look import for_one_look
    from opsdash.engine.session import Session

    fleet, selection = chosen(hosts_file, select)
    around = surroundings(batch=flags["batch"])
    return Session(fleet, around) if flags["watch"] else for_one_look(fleet, around), selection


async def _once(session: Session, report: tuple[Selection, Show], deadline_s: float) -> int:
    from opsdash.engine.look import look, needs_longer

    selection, show = report
    return show(await look(session, deadline_s), selection, needs_longer())


async def _watch(session: Session, report: tuple[Selection, Show], deadline_s: float) -> int:
    import asyncio

    from opsdash.engine.look import settle

    selection, show = report
    async with session:
        await settle(session, deadline_s)
        while True:
            show(session.snapshot(), selection, ())
            await asyncio.sleep(WATCH_S)


def _answer(snapshot: Snapshot, selection: Selection) -> tuple[Snapshot, list[HostState], int]:
    """The hosts that fit, and the exit code; who could not be asked may fit, and that is said."""
    from dataclasses import replace

    states = [s for s in snapshot.hosts.values() if selection.matches(s, snapshot.at)]
    code = exit_code(state.health for state in states)
    unasked = [s for s in snapshot.hosts.values() if not s.at and s not in states]
    if not (selection.needs_state and unasked):
        return snapshot, states, code
    text = f"{count(len(unasked), 'host')} could not be asked, and may fit the selection too"
    return replace(snapshot, notices=(*snapshot.notices, text)), states, code or UNKNOWN


def _show_table(snapshot: Snapshot, selection: Selection, longer: tuple[str, ...]) -> int:
    import os
    import sys

    import click

    from opsdash.activities.monitor.status_report import table
    from opsdash.core.terminal import ascii_only

    snapshot, states, code = _answer(snapshot, selection)
    plain = ascii_only(os.environ, coerced=bool(sys.flags.utf8_mode))
    click.echo(table(snapshot, states, longer, ascii_only=plain), nl=False)
    return code


def _show_json(snapshot: Snapshot, selection: Selection, longer: tuple[str, ...]) -> int:
    import json

    import click

    from opsdash.activities.monitor.status_report import document

    snapshot, states, code = _answer(snapshot, selection)
    click.echo(json.dumps(document(snapshot, states, longer)))
    return code


COMMAND = Command("status", "how the fleet is now, worst first", build)
