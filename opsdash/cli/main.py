"""The command line: no verb opens the screen, a verb answers and exits."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import click

from opsdash import __version__
from opsdash.cli.crash import crash_hook
from opsdash.config.demo_option import demo_option
from opsdash.config.open_fleet import EXIT_USAGE, exit_on_bad_files
from opsdash.config.read_only import VARIABLE as READ_ONLY_VARIABLE
from opsdash.core.discover import commands
from opsdash.core.errors import OpsdashError
from opsdash.core.plugin import examples
from opsdash.core.text import clean_line

LOG = logging.getLogger("opsdash")
EXIT_INTERRUPTED = 130
EXIT_OUTPUT = 74


EXAMPLES = examples(
    "opsdash",
    "opsdash --demo",
    "opsdash --hosts ./staging.yaml",
    "opsdash --read-only",
    "opsdash status tag:prod",
    "opsdash hosts check",
    "opsdash keys --preset vim",
)


def _complete_themes(ctx: click.Context, param: click.Parameter, incomplete: str) -> Any:
    from opsdash.config.completing import complete_themes

    return complete_themes(ctx, param, incomplete)


class Verbs(click.Group):
    """All verbs that the activities declare; each is built only when it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs by name, in order."""
        return sorted(commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The click command of a verb."""
        found = commands().get(cmd_name)
        built: Any = found.build() if found else None
        if not isinstance(built, click.Command) or found is None:
            return None
        built.short_help = found.summary
        return built


@click.command(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
)
@click.option(
    "--hosts", "hosts_file", metavar="FILE", type=click.Path(), help="The hosts file to use."
)
@click.option(
    "--theme", metavar="NAME", shell_complete=_complete_themes, help="The colours to begin with."
)
@click.option(
    "--ascii/--no-ascii",
    "plain",
    default=None,
    help="Draw with ASCII characters only, or not; else the locale and the terminal decide.",
)
@click.option(
    "--low-bandwidth/--full-bandwidth",
    "low",
    default=None,
    help="Send few bytes to the terminal, or not; else the measured round trip decides.",
)
@click.option(
    "--read-only", is_flag=True, help="Change nothing on any host (or $OPSDASH_READ_ONLY=1)."
)
@demo_option()
@click.option(
    "--log",
    "log_file",
    metavar="FILE",
    envvar="OPSDASH_LOG",
    type=click.Path(path_type=Path),
    help="Write what opsdash does to this file (or $OPSDASH_LOG); no secrets, 5 MB and two older.",
)
@click.version_option(__version__, prog_name="opsdash")
def opsdash(log_file: Path | None, *, read_only: bool, **wishes: Any) -> None:
    """A whole fleet over plain SSH, in one terminal.

    Without a verb the screen opens: the hosts of hosts.yaml, or this machine if there is none. In
    it, ? shows the keys and : finds everything by name.
    """
    ctx = click.get_current_context()
    # what libraries log must never reach the screen, nor a script's standard error
    logging.getLogger().addHandler(logging.NullHandler())
    if log_file is not None:
        from opsdash.cli.log_file import logging_to

        ctx.with_resource(logging_to(log_file, os.environ.get("OPSDASH_LOG_LEVEL", "info")))
    LOG.info("opsdash %s, Python %s", __version__, sys.version.split()[0])
    if read_only:
        os.environ[READ_ONLY_VARIABLE] = "1"
    if ctx.invoked_subcommand is not None:
        _hand_down(ctx, ctx.invoked_subcommand, wishes)
        return
    from opsdash.cli.tui import Wishes, run

    raise SystemExit(run(Wishes(**wishes)))


def _hand_down(ctx: click.Context, verb: str, wishes: dict[str, Any]) -> None:
    """Give flags to the verb that follows; one that has no demo would ask real hosts."""
    if wishes["plain"] is not None:
        os.environ["OPSDASH_ASCII"] = str(int(wishes["plain"]))
    given = {"--hosts": wishes["hosts_file"], "--demo": wishes["demo"]}
    built = opsdash.get_command(ctx, verb)
    if built is None:
        return
    taken = _defaults(built, {flag: str(value) for flag, value in given.items() if value})
    if wishes["demo"] is not None and "demo" not in taken:
        raise click.UsageError(f"there is no demo of {verb!r}", ctx)
    ctx.default_map = {verb: taken}


def _defaults(command: click.Command, given: dict[str, str]) -> dict[str, Any]:
    """What a command and those below it take of the flags in front, in click's form."""
    below: dict[str, click.Command] = getattr(command, "commands", {})
    found: dict[str, Any] = {name: _defaults(one, given) for name, one in below.items()}
    for option in command.params:
        for flag in given.keys() & {*option.opts}:
            found[option.name or flag] = given[flag]
    return found


def main() -> NoReturn:
    """Run opsdash; every way to fail ends in a sentence and an exit code, never in a traceback."""
    logging.captureWarnings(capture=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a glyph that a terminal lacks is no error
    sys.excepthook = crash_hook
    sys.exit(_run())


def _run() -> int:
    try:
        with exit_on_bad_files():
            if "_OPSDASH_COMPLETE" in os.environ:
                _know_bash()
            opsdash.main(prog_name="opsdash", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except OSError as error:
        # what hosts and files raise is caught where it means something: this is our own output
        return _unwritable(error)
    except OpsdashError as error:
        for line in filter(None, (f"opsdash: {error}", error.hint)):
            click.echo(clean_line(line), err=True)
        return 1
    return 0


def _know_bash() -> None:
    from click.shell_completion import add_completion_class

    from opsdash.config.completing import WholeWords

    add_completion_class(WholeWords)


def _unwritable(error: OSError) -> int:
    """Standard output is gone or full; a reader that had enough is no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return 0
    sys.stderr.write(f"opsdash: the output can't be written: {error.strerror}\n")
    return EXIT_OUTPUT
