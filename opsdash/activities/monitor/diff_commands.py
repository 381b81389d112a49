"""``opsdash diff``: what changed on hosts between two moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from opsdash.core.snapshot import Snapshot
    from opsdash.store.store import Store

NOTHING = 3
"""The exit code when nothing is known of these hosts: unknown is not the same."""

EXAMPLES = examples(
    "opsdash diff web1 13:50 now",
    "opsdash diff 'web*' '2026-11-26 13:50' 14:10",
    "opsdash diff all -- -2h --json",
)


def build() -> click.Command:
    """The click command ``diff``."""
    import click

    @click.command("diff", epilog=EXAMPLES)
    @click.argument("host")
    @click.argument("since", metavar="FROM")
    @click.argument("until", metavar="[TO]", default="now")
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
    def diff(host: str, since: str, until: str, *, as_json: bool) -> None:
        """What differs on HOST (a name or glob; all: every one) between FROM and TO, which is now.

        Health, findings, failed services, ports, mounts, containers, kernel, processes and the
        figures that changed most, as opsdash stored them while it ran; nothing is asked of any
        host. A moment is 13:50, '2026-11-26 13:50', 2h (ago) or now. Exits with 3 if nothing is
        known of these hosts.
        """
        import asyncio

        from opsdash.core import clock
        from opsdash.core.moment import moment_of

        now = clock.now()
        try:
            one, other = moment_of(since, now), moment_of(until, now)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        span = min(one, other), max(one, other), now
        raise SystemExit(asyncio.run(_show(host, span, as_json=as_json)))

    return diff


async def _show(glob: str, span: tuple[float, float, float], *, as_json: bool) -> int:
    import click

    from opsdash.activities.monitor import diff_report as report
    from opsdash.config.paths import state_dir
    from opsdash.core.errors import OpsdashError
    from opsdash.store.events import Events
    from opsdash.store.store import Store

    since, until, now = span
    store = Store(state_dir() / "history.db")
    await store.open()
    try:
        names = await _names(store, glob)
        if store.notice:
            raise OpsdashError(store.notice)
        if not names:
            return await _unknown(store, glob)
        before, after = [await _at(store, names, moment) for moment in (since, until)]
        events = await Events(store).since(since)
    finally:
        await store.close()
    found = report.diff(before, after, names, events)
    click.echo(report.as_json(found) if as_json else "\n".join(report.as_text(found, now)))
    return 0


async def _names(store: Store, glob: str) -> list[str]:
    """The hosts of which anything is stored, as far as their names fit."""
    from fnmatch import fnmatchcase

    from opsdash.store.past import Past

    known = sorted({*await Past(store).hosts(), *await store.known_hosts()})
    return [name for name in known if glob == "all" or fnmatchcase(name, glob)]


async def _at(store: Store, names: Sequence[str], moment: float) -> Snapshot:
    from types import MappingProxyType

    from opsdash.core.discover import checks
    from opsdash.core.fleet import Fleet
    from opsdash.core.host import Host
    from opsdash.engine.rewind import Rewind

    fleet = Fleet(MappingProxyType({name: Host(name) for name in names}))
    return await Rewind(store, lambda: fleet, checks()).at(moment)


async def _unknown(store: Store, glob: str) -> int:
    import click

    from opsdash.core.text import clean_line, did_you_mean

    known = sorted(await store.known_hosts())
    some = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    rest = f"; of these there is: {some}" if known else ": it grows while opsdash runs"
    text = f"opsdash: nothing is stored of {glob}{did_you_mean(glob, known)}{rest}"
    click.echo(clean_line(text), err=True)
    return NOTHING


COMMAND = Command("diff", "what changed on a host between two moments", build)
