"""``opsdash logs``: the logs of many hosts as one, in the order of time, once or live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

EXAMPLES = examples(
    "opsdash logs tag:web --prio warning --follow",
    "opsdash logs web1 db1 --unit nginx --unit postgresql --since 13:50 --until 14:10",
    "opsdash logs all --kernel --boot --prio err",
    "opsdash logs 'web*' --file /var/log/nginx/error.log --lines 50",
    "opsdash logs tag:web --source nginx-error --source queue --follow",
    "opsdash logs all --grep 'out of memory' --since -2h --json | jq -r .host | sort | uniq -c",
)


def _options() -> list[Any]:
    import click

    from opsdash.config.completing import complete_logs

    return [
        click.option("-u", "--unit", "units", multiple=True, metavar="U",
                     help="Lines of this service; also several times."),
        click.option("--file", "files", multiple=True, metavar="PATH",
                     help="This file, through its rotations, in place of the host's own log."),
        click.option("--container", "containers", multiple=True, metavar="NAME",
                     help="This container of podman or docker."),
        click.option("--source", "named", multiple=True, metavar="NAME",
                     shell_complete=complete_logs,
                     help="The log that hosts.yaml calls so (logs:): a file, or a command."),
        click.option("--kernel", is_flag=True, help="What the kernel says."),
        click.option("--prio", metavar="P", help="This bad or worse: err, warning, info, 0 to 7."),
        click.option("--boot", is_flag=True, help="Since the host was booted."),
        click.option("--since", metavar="T", help="13:50, 2026-11-26 13:50, -2h."),
        click.option("--until", metavar="T", help="As --since."),
        click.option("-n", "--lines", type=click.IntRange(0, 1_000_000), metavar="N",
                     help="The last N of each log; 10, or all that --since or --boot mean."),
        click.option("--grep", default="", metavar="X",
                     help="Lines whose text this regular expression fits."),
        click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until ctrl+c."),
        click.option("--utc", is_flag=True, help="Times in UTC, not in the zone of this machine."),
        click.option("--json", "as_json", is_flag=True, help="A JSON object per line."),
        click.option("--batch", is_flag=True, help="Ask nothing on the terminal: no password."),
    ]  # fmt: skip


def build() -> click.Command:
    """The click command ``logs``."""
    import click

    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option
    from opsdash.engine.asked import hosts_option

    @click.command("logs", epilog=EXAMPLES)
    @click.argument("select", nargs=-1, required=True, shell_complete=complete_select)
    def logs(select: tuple[str, ...], **options: Any) -> None:
        """The logs of the selected hosts, merged in the order of their times.

        Without --file, --container, --source or --kernel it is the host's own log: its journal,
        else what its syslog writes. Clocks that are off are made up for in the order; the times
        shown are the hosts' own. What the account may not read, hosts that are not reached and
        lines that are missing are said on standard error or shown as a gap. Live lines come two
        seconds late, so that those of all hosts can be put in order. Exits with 3 if a host did not
        tell, else 0.
        """
        from opsdash.activities.troubleshoot.logs_printed import print_logs

        raise SystemExit(print_logs(select, options))

    for option in (*_options(), hosts_option(), demo_option()):
        logs = option(logs)
    return logs


COMMAND = Command("logs", "the logs of many hosts as one, in the order of time", build)
