"""``opsdash changes``: what happened on hosts: packages, services, files, logins, boots, health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

    from opsdash.core.selection import Selection
    from opsdash.core.snapshot import HostState
    from opsdash.engine.session import Session

EXAMPLES = examples(
    "opsdash changes web1",
    "opsdash changes tag:prod --since 2h",
    "opsdash changes db1 --filter kind:package --json",
)
UNKNOWN = 3
"""The exit code when a host did not tell: unknown is not OK."""


def build() -> click.Command:
    """The click command ``changes``."""
    import click

    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import asked_once, deadline_option, hosts_option

    @click.command("changes", epilog=EXAMPLES)
    @click.argument("select", nargs=-1, required=True, shell_complete=complete_select)
    @hosts_option()
    @click.option("--since", default="24h", show_default=True, help="How far back: 30m, 6h, 48h.")
    @click.option("--filter", "words", default="", help="As in the timeline: kind:unit who:root.")
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    @deadline_option()
    @click.option("--batch", is_flag=True, help="Ask nothing on the terminal: no password.")
    @demo_option()
    def changes(
        select: tuple[str, ...], hosts_file: str | None, demo: int | None, **given: object
    ) -> None:
        """What happened on the hosts of SELECT, the newest first, as their own logs have it.

        Packages, services, files of /etc, cron, logins, sudo, accounts, boots; beside them what
        opsdash saw while it ran: changes of health, ports and mounts that came and went. Nothing is
        asked as root: what only root may read is named. At most 48 hours back, for logs are read no
        further. Exits with 3 if a host did not tell, else 0.
        """
        import asyncio

        back_s = _back_s(str(given["since"]))
        session, selection = asked_once(hosts_file, demo, select, batch=bool(given["batch"]))
        raise SystemExit(asyncio.run(_report(session, selection, back_s, given)))

    return changes


def _back_s(text: str) -> float:
    import click

    from opsdash.activities.monitor.story import SHOWN_S
    from opsdash.config.field_values import span_s

    try:
        back_s = span_s(text)
    except ValueError as error:
        raise click.UsageError(f"--since {error}") from None
    if back_s > SHOWN_S:
        raise click.UsageError("--since 48h is as far as logs are read")
    return back_s


async def _report(
    session: Session, selection: Selection, back_s: float, given: Mapping[str, object]
) -> int:
    """Ask, show and judge: the exit code."""
    import json

    import click

    from opsdash.activities.monitor.changes_report import as_table, document
    from opsdash.activities.monitor.story import is_told, story
    from opsdash.activities.monitor.timeline_rows import understood
    from opsdash.core.happening import SOURCES
    from opsdash.engine.look import settle

    async with session:
        await settle(session, float(str(given["deadline_s"])), ("clock", *SOURCES))
        snapshot = session.snapshot()
        events = await session.events(snapshot.at - back_s)
    states = [one for one in snapshot.hosts.values() if selection.matches(one, snapshot.at)]
    tests = understood(str(given["words"]))
    found = [
        one
        for one in story(states, events=events)
        if one.at >= snapshot.at - back_s and all(test(one) for test in tests)
    ]
    if given["as_json"]:
        click.echo(json.dumps(document(snapshot, found, states)))
    else:
        click.echo("\n".join(as_table(found, states) if found else _nothing(states)))
    return 0 if all(map(is_told, states)) else UNKNOWN


def _nothing(states: list[HostState]) -> list[str]:
    from opsdash.activities.monitor.changes_report import unknown

    return ["nothing is known to have happened in that time", *unknown(states)]


COMMAND = Command("changes", "what happened on the hosts: packages, services, files, logins", build)
