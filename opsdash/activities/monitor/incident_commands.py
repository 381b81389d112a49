"""``opsdash incident``: all that is known of some hosts in a span of time, for a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

EXAMPLES = examples(
    "opsdash incident web7 db1 --since 13:30 --until 14:10",
    "opsdash incident tag:web --since -2h --mask addresses,names",
    "opsdash incident db1 --since -30m --prio info --out ticket-4711 --yes",
)


def build() -> click.Command:
    """The click command ``incident``."""
    import click

    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import deadline_option, hosts_option

    @click.command("incident", epilog=EXAMPLES)
    @click.argument("select", nargs=-1, required=True, shell_complete=complete_select)
    @hosts_option()
    @click.option("--since", default="-1h", show_default=True, help="From then on: 13:30, -2h.")
    @click.option("--until", default="now", show_default=True, help="Until then.")
    @click.option("--title", default="", metavar="TEXT", help="What it is about.")
    @click.option(
        "--prio", default="warning", show_default=True, help="The least bad log lines that belong."
    )
    @click.option(
        "--mask",
        default="",
        metavar="WHAT",
        help="addresses, names, or both with a comma between; secrets always are.",
    )
    @click.option("--out", default="", metavar="FOLDER", help="A new folder; else one by the time.")
    @click.option("--yes", is_flag=True, help="Write without asking.")
    @deadline_option()
    @click.option("--batch", is_flag=True, help="Ask nothing on the terminal: no password.")
    @demo_option()
    def incident(select: tuple[str, ...], **given: Any) -> None:
        """Write a folder with incident.md and incident.json: what was and is wrong, what changed,
        what was run from here, and the log lines of the hosts of SELECT.

        What is masked in it is shown before anything is written. Exits with 3 if a host did not
        tell all, which the documents say too.
        """
        from opsdash.activities.monitor.incident_made import make

        raise SystemExit(make(select, given))

    return incident


COMMAND = Command("incident", "all that is known of hosts in a span of time, for a ticket", build)
