"""``opsdash watch``: the same engine without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    import click

    from opsdash.config.fleet_files import FleetFiles
    from opsdash.core.selection import Selection

ANOTHER = 75
"""The exit code where another watch runs (sysexits' EX_TEMPFAIL)."""

EXAMPLES = examples(
    "opsdash watch",
    "opsdash watch tag:prod '!web3'",
    "opsdash watch --unit > ~/.config/systemd/user/opsdash-watch.service",
)


def build() -> click.Command:
    """The click command ``watch``."""
    import click

    from opsdash.config.completing import complete_select
    from opsdash.engine.asked import hosts_option

    @click.command("watch", epilog=EXAMPLES)
    @click.argument("select", nargs=-1, shell_complete=complete_select)
    @hosts_option()
    @click.option("--unit", is_flag=True, help="Print a systemd user unit, and do nothing else.")
    def watch(select: tuple[str, ...], hosts_file: str | None, *, unit: bool) -> None:
        """Watch the fleet without a screen until told to end: poll, judge, remember.

        One line per event on standard error. It asks nobody for anything: keys come from an agent
        or have no passphrase. While a screen is open on the same store that one polls, and the
        watch stands by; it resumes by itself. SELECT takes names, globs, tag: and group:; nothing
        means every host. Ends at SIGTERM, SIGINT and SIGHUP with 0, and with 75 if another watch
        runs.
        """
        selection = _selection(select)
        if unit:
            from opsdash.activities.monitor.watch_unit import unit_of

            click.echo(unit_of(hosts_file, select), nl=False)
            return
        raise SystemExit(_watch(hosts_file, selection))

    return watch


def _selection(select: tuple[str, ...]) -> Selection:
    import click

    from opsdash.core.selection import parse_selection

    selection = parse_selection(select or ("all",))
    if selection.needs_state:
        raise click.UsageError("a watch is chosen by names and tags, not by how hosts are")
    return selection


def _watch(hosts_file: str | None, selection: Selection) -> int:
    import asyncio
    import os

    import click

    from opsdash.activities.monitor.watch_lines import Lines, event_line
    from opsdash.config.paths import state_dir
    from opsdash.core.clock import now
    from opsdash.core.holder import Role
    from opsdash.engine.surroundings import Surroundings
    from opsdash.engine.watch import AnotherWatches, Outside, Watch
    from opsdash.transport.notify import Notifier

    lines = Lines()
    around = Surroundings(
        state_dir(), lasts=True, role=Role.WATCH, heard=lambda event: lines.put(event_line(event))
    )
    outside = Outside(lambda text: lines.note(now(), text), Notifier(os.environ, os.getpid()))
    watch = Watch(_files(hosts_file, selection), around, outside)
    try:
        asyncio.run(_until_told(watch.run))
    except AnotherWatches as error:
        click.echo(f"opsdash: {error}\n{error.hint}", err=True)
        return ANOTHER
    finally:
        lines.close()
    return 0


def _files(hosts_file: str | None, selection: Selection) -> FleetFiles:
    from opsdash.config.chosen_files import ChosenFiles
    from opsdash.core.discover import checks

    known = {one.id: one.lower_is_worse for one in checks().values()}
    return ChosenFiles(hosts_file, known, selection)


async def _until_told(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run until a signal says so; the second one ends it at once."""
    import asyncio
    import os
    import signal

    told = asyncio.Event()

    def end(asked: int) -> None:
        if told.is_set():
            os._exit(128 + asked)
        told.set()

    loop = asyncio.get_running_loop()
    for asked in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(asked, end, asked)
    await run(told)


COMMAND = Command("watch", "watch the fleet without a screen", build)
