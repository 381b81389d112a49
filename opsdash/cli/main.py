"""The command line: no verb opens the screen, a verb answers and exits."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, NoReturn

import click

from opsdash import __version__
from opsdash.config.open_fleet import EXIT_USAGE, exit_on_bad_files
from opsdash.core.discover import commands
from opsdash.core.errors import OpsdashError
from opsdash.core.text import clean_line

EXIT_INTERRUPTED = 130


class Verbs(click.Group):
    """All verbs that the activities declare; each is built only when it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs by name, in order."""
        return sorted(commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The click command of a verb."""
        found = commands().get(cmd_name)
        built: Any = found.build() if found else None
        return built if isinstance(built, click.Command) else None


@click.command(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--hosts", "hosts_file", metavar="FILE", help="The hosts file to use.")
@click.option("--theme", metavar="NAME", help="The colours to begin with.")
@click.option("--ascii", "ascii_glyphs", is_flag=True, help="Draw with ASCII characters only.")
@click.version_option(__version__, prog_name="opsdash")
@click.pass_context
def opsdash(
    ctx: click.Context, hosts_file: str | None, theme: str | None, ascii_glyphs: bool
) -> None:
    """A whole fleet over plain SSH, in one terminal.

    Without a verb the screen opens: the hosts of hosts.yaml, or this machine if there is none.
    """
    if ctx.invoked_subcommand is not None:
        if hosts_file:
            os.environ["OPSDASH_HOSTS"] = hosts_file
        return
    from opsdash.cli.tui import run

    raise SystemExit(run(hosts_file, theme, ascii_glyphs=ascii_glyphs))


def main() -> NoReturn:
    """Run opsdash; every way to fail ends in a sentence and an exit code, never in a traceback."""
    # what libraries log must never reach the screen, nor a script's standard error
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        with exit_on_bad_files():
            opsdash.main(standalone_mode=False)
        sys.exit(0)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # whoever read the output has gone: nothing is wrong, and nothing can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OpsdashError as error:
        for line in (f"opsdash: {error}", error.hint):
            if line:
                click.echo(clean_line(line), err=True)
        sys.exit(1)
