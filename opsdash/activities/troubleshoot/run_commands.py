"""``opsdash run``: one command on many hosts, and who answered otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import click

EXAMPLES = examples(
    "opsdash run all -- uptime",
    "opsdash run 'web*' -- 'cd /etc; md5sum hosts resolv.conf'",
    "opsdash run tag:db --sudo --canary 1 --confirm 6 -- systemctl restart mysql",
    "opsdash run all --script check.sh --json -- --fast | jq .counts",
    "opsdash run web1 db1 --compare nightly --yes -- cat /etc/os-release",
    "opsdash run --again 261128-0310-4f9c --bucket failed --bucket timeout --timeout 5m",
)


ENDED = ("same", "differs", "failed", "timeout", "unreachable", "cancelled", "not-begun")


def _options() -> list[Any]:
    import click

    most = click.IntRange(1, 10_000)
    return [
        click.option("--hosts", "hosts_file", metavar="FILE", help="The hosts file to use."),
        click.option("--script", metavar="FILE", help="Run this file; CMD are its arguments."),
        click.option("--stdin", "stdin_file", metavar="FILE|-", help="What it reads on each host."),
        click.option("--env", multiple=True, metavar="K=V", help="Set for it; also several times."),
        click.option("--cwd", default="", metavar="DIR", help="Where it starts, on each host."),
        click.option("--sudo", is_flag=True, help="Run it as root."),
        click.option("--timeout", default="60s", show_default=True, help="As in 30s, 5m, 1h."),
        click.option("--max-output", default=1_000_000, type=click.IntRange(1, 100_000_000),
                     show_default=True, help="Bytes of output per host; more ends it."),
        click.option("--at-a-time", default=50, type=most, show_default=True,
                     help="Hosts at once."),
        click.option("--canary", default=0, type=click.IntRange(0, 10_000), metavar="N",
                     help="N hosts first; goes on only if all of them succeed."),
        click.option("--stop", is_flag=True, help="No further host begins after a failure."),
        click.option("--save", "name", default="", metavar="NAME", help="A name to find it by."),
        click.option("--again", metavar="ID", help="An earlier run again: on its hosts, of which"
                     " SELECT may name some; CMD instead of its own."),
        click.option("--bucket", multiple=True, type=click.Choice(list(ENDED)),
                     help="With --again: only on hosts that ended so; also several times."),
    ]  # fmt: skip


def build() -> click.Command:
    """The click command ``run``."""
    import click

    from opsdash.activities.troubleshoot.plan_options import (
        BEHIND,
        consent_options,
        given_options,
        output_options,
        with_words_behind,
    )
    from opsdash.config.completing import complete_select
    from opsdash.config.demo_option import demo_option

    @click.command(
        "run", cls=with_words_behind("SELECT...", "CMD..."),
        epilog=EXAMPLES, options_metavar="[OPTIONS]",
        short_help="one command on many hosts, identical output together",
    )  # fmt: skip
    @click.argument("select", nargs=-1, shell_complete=complete_select)
    @click.pass_context
    def run(ctx: click.Context, /, select: tuple[str, ...], **options: Any) -> None:
        """Run a command on the selected hosts; those that answered the same are one group.

        CMD of one word is a shell line, as typed there (quote it here); of several words each is
        one argument, whatever it holds. It runs without a terminal. The plan is shown and asked
        for: y for one host, their number for several, the tag for hosts of tag prod. The
        majority's answer comes first, each other one as a diff against it, then what failed.

        Exits with 0 if all hosts succeeded, 1 if some failed, 2 if none did or it was stopped, 4
        if it was refused or not confirmed.
        """
        from opsdash.activities.troubleshoot.run_command import Asking, run_it

        words = tuple(ctx.meta[BEHIND])
        raise SystemExit(run_it(Asking(select, words, options, given_options(ctx))))

    for option in (*_options(), output_options(), consent_options(), demo_option()):
        run = option(run)
    return run


COMMAND = Command("run", "one command on many hosts, identical output together", build)
