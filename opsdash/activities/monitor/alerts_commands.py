"""``opsdash alerts``: what is open, who has what in hand, what is muted, what is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

    from opsdash.core.selection import Selection
    from opsdash.engine.session import Session

EXAMPLES = examples(
    "opsdash alerts",
    "opsdash alerts 'web*' tag:prod --json",
    "opsdash alerts --demo 50",
)


def build() -> click.Command:
    """The click command ``alerts``."""
    import click

    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import asked_once, deadline_option, hosts_option

    @click.command("alerts", epilog=EXAMPLES)
    @click.argument("select", nargs=-1, shell_complete=complete_select)
    @hosts_option()
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    @deadline_option()
    @click.option("--batch", is_flag=True, help="Ask nothing on the terminal: no password.")
    @demo_option()
    def alerts(
        select: tuple[str, ...],
        hosts_file: str | None,
        deadline_s: float,
        demo: int | None,
        **flags: bool,
    ) -> None:
        """What is open, who has what in hand, what is muted and until when, and what is over.

        The hosts are asked once, as by status; what is over, of the last six hours, is what opsdash
        saw while it ran. Exits with 2 if any host is CRIT or DOWN, else 1 if any is WARN, else 3 if
        any is UNKNOWN, else 0: what is acknowledged or muted does not count.
        """
        import asyncio

        session, selection = asked_once(hosts_file, demo, select or ("all",), batch=flags["batch"])
        report = _report(session, selection, deadline_s, as_json=flags["as_json"])
        raise SystemExit(asyncio.run(report))

    return alerts


async def _report(
    session: Session, selection: Selection, deadline_s: float, *, as_json: bool
) -> int:
    import json

    import click

    from opsdash.activities.monitor.alert_list import RECENT_S, alerts
    from opsdash.activities.monitor.alerts_report import as_table, document
    from opsdash.core.health import exit_code
    from opsdash.engine.look import settle

    async with session:
        await settle(session, deadline_s)
        snapshot = session.snapshot()
        events = await session.events(snapshot.at - RECENT_S)
        force = session.silences.in_force()
    states = [one for one in snapshot.hosts.values() if selection.matches(one, snapshot.at)]
    found = alerts(states, events, force, snapshot.at)
    if as_json:
        click.echo(json.dumps(document(snapshot, found)))
    else:
        click.echo("\n".join(as_table(snapshot, found)))
    return exit_code(state.health for state in states)


COMMAND = Command("alerts", "what is open, acknowledged, muted, and over", build)
