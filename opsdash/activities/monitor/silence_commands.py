"""``opsdash ack``, ``mute`` and ``maintenance``: a known problem is out of the way for a while."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from opsdash.core.plugin import Command, examples
from opsdash.core.silence import SilenceKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import click

    from opsdash.core.fleet import Fleet
    from opsdash.core.silence import Silence
    from opsdash.engine.silences import Silences
    from opsdash.store.store import Store

ACK_EXAMPLES = examples(
    "opsdash ack db3 disk-full --for 2h --note 'extending it tonight'",
    "opsdash ack db3 disk-full /var",
    "opsdash ack db3 disk-full --undo",
)
MUTE_EXAMPLES = examples(
    "opsdash mute tag:lab --check clock-off --for 7d --reason 'no time server there'",
    "opsdash mute 'web*' --for 30m --reason 'load test'",
    "opsdash mute tag:lab --check clock-off --undo",
)
MAINTENANCE_EXAMPLES = examples(
    "opsdash maintenance group:dbs --for 2h --reason 'new disks'",
    "opsdash maintenance group:dbs --undo",
)


def _options(why: str) -> Callable[[Any], Any]:
    """The options that all of these verbs have."""
    import click

    from opsdash.engine.asked import hosts_option

    def add(command: Any) -> Any:
        for option in (
            click.option("--undo", is_flag=True, help="Take it back."),
            click.option(why, "reason", default="", help="Why; others read it."),
            click.option(
                "--for", "span", default="24h", show_default=True, help="How long: 30m, 2h, 7d."
            ),
            hosts_option(),
        ):
            command = option(command)
        return command

    return add


def build_ack() -> click.Command:
    """The click command ``ack``."""
    import click

    @click.command("ack", epilog=ACK_EXAMPLES)
    @click.argument("host")
    @click.argument("check")
    @click.argument("subject", required=False)
    @_options("--note")
    def ack(
        host: str, check: str, subject: str | None, hosts_file: str | None, **wish: Any
    ) -> None:
        """You have a finding in hand: CHECK of HOST, of SUBJECT where it has several (a mount).

        It stays listed, but counts no more, until the time is up or the finding ends.
        """
        import asyncio

        seconds, reason = _wish(wish, reasoned=False)
        fleet = _fleet(hosts_file, (host,))
        asyncio.run(_ack(fleet, (host, check, subject), (seconds, reason), undo=wish["undo"]))

    return ack


def build_mute() -> click.Command:
    """The click command ``mute``."""
    import click

    from opsdash.config.completing import complete_select

    @click.command("mute", epilog=MUTE_EXAMPLES)
    @click.argument("select", nargs=-1, required=True, shell_complete=complete_select)
    @click.option("--check", default="", metavar="ID", help="This check only.")
    @_options("--reason")
    def mute(select: tuple[str, ...], check: str, hosts_file: str | None, **wish: Any) -> None:
        """What is found on these hosts is of no interest: it stays listed, but counts no more.

        SELECT names hosts: names and globs, tag:NAME, group:NAME, !NAME; "all" means every host.
        """
        _widely(SilenceKind.MUTE, hosts_file, (select, check), wish)

    return mute


def build_maintenance() -> click.Command:
    """The click command ``maintenance``."""
    import click

    from opsdash.config.completing import complete_select

    @click.command("maintenance", epilog=MAINTENANCE_EXAMPLES)
    @click.argument("select", nargs=-1, required=True, shell_complete=complete_select)
    @_options("--reason")
    def maintenance(select: tuple[str, ...], hosts_file: str | None, **wish: Any) -> None:
        """These hosts are being worked on: whatever is found there is listed, but counts no more.

        SELECT names hosts: names and globs, tag:NAME, group:NAME, !NAME; "all" means every host.
        """
        _widely(SilenceKind.MAINTENANCE, hosts_file, (select, ""), wish)

    return maintenance


def _wish(wish: dict[str, Any], *, reasoned: bool) -> tuple[float, str]:
    import click

    from opsdash.activities.monitor.silence_wish import checked
    from opsdash.config.field_values import span_s
    from opsdash.core.silence import REASON_WIDTH
    from opsdash.core.text import clean_line

    reason = clean_line(wish["reason"].strip(), REASON_WIDTH)
    try:
        seconds = span_s(wish["span"])
        checked(seconds, reason, reasoned=reasoned and not wish["undo"])
    except ValueError as error:
        raise click.UsageError(f"--for, --reason: {error}") from None
    return seconds, reason


def _fleet(hosts_file: str | None, select: tuple[str, ...]) -> Fleet:
    """The whole fleet; SelectionError if these words select nothing there."""
    from opsdash.config.alerts_file import select_fault
    from opsdash.config.open_fleet import open_fleet
    from opsdash.core.discover import checks
    from opsdash.core.errors import SelectionError
    from opsdash.core.selection import parse_selection, select_hosts

    if wrong := select_fault(" ".join(select)):
        raise SelectionError(wrong)
    fleet = open_fleet(hosts_file, {one.id: one.lower_is_worse for one in checks().values()})
    select_hosts(parse_selection(select), fleet.hosts)
    return fleet


def _widely(
    kind: SilenceKind, hosts_file: str | None, what: tuple[tuple[str, ...], str], wish: Any
) -> None:
    """Silence a selection of hosts, or take that back."""
    import asyncio

    import click

    from opsdash.core.discover import checks
    from opsdash.core.text import did_you_mean

    select, check = what
    if check and check not in checks():
        raise click.UsageError(f"there is no check {check!r}{did_you_mean(check, checks())}")
    seconds, reason = _wish(wish, reasoned=True)
    fleet = _fleet(hosts_file, select)
    asyncio.run(_silence(fleet, (kind, select, check), (seconds, reason), undo=wish["undo"]))


@asynccontextmanager
async def _record(fleet: Fleet) -> AsyncIterator[tuple[Silences, Store, list[str]]]:
    """What is silenced now; what changes is written at the end, and what fails is gathered."""
    from opsdash.config.paths import state_dir
    from opsdash.core import clock
    from opsdash.core.errors import OpsdashError
    from opsdash.engine.silences import Silences, Told
    from opsdash.store.silences import SilenceTable
    from opsdash.store.store import Store

    store, said = Store(state_dir() / "history.db"), list[str]()
    await store.open()
    try:
        told = Told(lambda: None, said.append, said.remove)
        silences = Silences(SilenceTable(store), clock.now, told)
        await silences.begin(fleet.alerts_file)
        yield silences, store, said
        await silences.save()
        if said or store.notice:
            raise OpsdashError(said[0] if said else store.notice)
    finally:
        await store.close()


async def _ack(
    fleet: Fleet,
    named: tuple[str, str, str | None],
    wish: tuple[float, str],
    *,
    undo: bool,
) -> None:
    import click

    from opsdash.activities.monitor.silence_wish import ack
    from opsdash.core import clock

    host, check, subject = named
    async with _record(fleet) as (silences, store, _):
        known = [key for key in await store.open_findings() if key[0] == host]
        meant = [key for key in known if key[1] == check and subject in (None, key[2])]
        if not meant:
            raise click.UsageError(_not_open(named, known))
        before = [
            one
            for one in silences.in_force()
            if one.kind is SilenceKind.ACK and (one.hosts, one.check, one.subject) in meant
        ]
        if undo and not before:
            raise click.UsageError(f"nobody has acknowledged {check} of {host}")
        silences.end(one.id for one in before)
        made = [] if undo else [ack(key, clock.now(), *wish) for key in meant]
        silences.add(made)
    for one in before if undo else made:
        click.echo(_told(one, undo=undo))


def _not_open(named: tuple[str, str, str | None], known: list[tuple[str, str, str]]) -> str:
    host, check, subject = named
    what = f"{check} {subject or ''}".strip()
    listed = ", ".join(f"{one} {about}".strip() for _, one, about in sorted(known))
    rest = f"; open there: {listed}" if listed else "; nothing is: opsdash status looks"
    return f"{what} is not open on {host} as of the last look{rest}"


async def _silence(
    fleet: Fleet,
    what: tuple[SilenceKind, tuple[str, ...], str],
    wish: tuple[float, str],
    *,
    undo: bool,
) -> None:
    import click

    from opsdash.activities.monitor.silence_wish import maintenance, mute, same
    from opsdash.core import clock

    kind, select, check = what
    async with _record(fleet) as (silences, _, _said):
        force = silences.in_force()
        before = [one for one in force if one.kind is kind and same(one, select, check)]
        if undo and not before:
            words = ", ".join(one.hosts for one in force if one.kind is kind) or "none"
            raise click.UsageError(f"there is no such {kind} in force; these are: {words}")
        silences.end(one.id for one in before)
        hosts = " ".join(select)
        made: list[Silence] = []
        if not undo and kind is SilenceKind.MUTE:
            made = [mute(hosts, check, clock.now(), *wish)]
        elif not undo:
            made = [maintenance(hosts, clock.now(), *wish)]
        silences.add(made)
    for one in before if undo else made:
        click.echo(_told(one, undo=undo))


def _told(one: Silence, *, undo: bool) -> str:
    from datetime import UTC, datetime

    from opsdash.core.text import clean_line

    what = " ".join(filter(None, (one.hosts, one.check, one.subject)))
    until = datetime.fromtimestamp(one.until, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    return clean_line(f"{one.kind} {'taken back' if undo else f'until {until}'}: {what}")


ACK = Command("ack", "have a finding in hand: it counts no more", build_ack)
MUTE = Command("mute", "findings of some hosts or of a check are of no interest", build_mute)
MAINTENANCE = Command("maintenance", "some hosts are being worked on", build_maintenance)
