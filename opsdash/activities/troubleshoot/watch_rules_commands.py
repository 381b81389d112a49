"""``opsdash watch-rules``: which lines of a log become findings, and whether the file is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from typing import TextIO

    import click

EXAMPLES = examples(
    "opsdash watch-rules",
    "opsdash watch-rules hung-task",
    "opsdash watch-rules --json",
    "journalctl -b | opsdash watch-rules --try -",
)


def build() -> click.Command:
    """The click command ``watch-rules``."""
    import click

    @click.command("watch-rules", epilog=EXAMPLES)
    @click.argument("names", metavar="[NAME]...", nargs=-1)
    @click.option(
        "--hosts", "hosts_file", metavar="FILE", type=click.Path(), help="The hosts file to use."
    )
    @click.option(
        "--try",
        "lines",
        metavar="FILE",
        type=click.File("r", encoding="utf-8", errors="replace"),
        help="Which rules mean which of these lines; - reads them from a pipe.",
    )
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    def watch_rules(
        names: tuple[str, ...], hosts_file: str | None, lines: TextIO | None, *, as_json: bool
    ) -> None:
        """Which lines of the hosts' logs become findings; a NAME shows all of a rule.

        Rules come with opsdash; watch_rules.yaml beside the hosts file has those of your own.
        Exits with 65 if a file has faults, each with its place, with 64 if there is no rule of a
        NAME, with 1 if --try finds no line that means anything; 0 otherwise.
        """
        _run(hosts_file, names, lines, as_json=as_json)

    return watch_rules


def _run(
    hosts_file: str | None, names: tuple[str, ...], lines: TextIO | None, *, as_json: bool
) -> None:
    """List them, or hold the lines against them."""
    import click

    from opsdash.activities.troubleshoot.watch_rules_report import report, tried
    from opsdash.config.open_fleet import exit_on_bad_files, open_fleet
    from opsdash.core.errors import ConfigError

    with exit_on_bad_files("docs/watch-rules.md and docs/hosts-file.md explain every field"):
        fleet = open_fleet(hosts_file)
        if fleet.watch_rules.faults:
            raise ConfigError(list(fleet.watch_rules.faults))
        if lines is None:
            click.echo("\n".join(report(fleet, names, as_json=as_json)))
            return
        found = tried(fleet, names, lines, as_json=as_json)
    click.echo("\n".join(found.lines))
    if not found.any_meant:
        raise SystemExit(1)


COMMAND = Command("watch-rules", "which lines of logs become findings", build)
