"""``opsdash report``: what whoever takes over has to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command, examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import click

    from opsdash.core.event import Event
    from opsdash.core.handover import Handover
    from opsdash.store.events import Events

EXAMPLES = examples(
    "opsdash report --since 06:00",
    "opsdash report --since 'yesterday 18:00' 'web*' db1",
    "opsdash report --since -12h --markdown >handover.md",
)


def build() -> click.Command:
    """The click command ``report``."""
    import click

    @click.command("report", epilog=EXAMPLES)
    @click.argument("words", nargs=-1, metavar="[SELECT...]")
    @click.option(
        "--since", default="-8h", show_default=True, help="From then on: 06:00, -12h, 2026-11-26."
    )
    @click.option("--json", "form", flag_value="json", help="JSON instead of text.")
    @click.option("--markdown", "form", flag_value="markdown", help="Markdown instead of text.")
    def report(words: tuple[str, ...], since: str, form: str | None) -> None:
        """What is wrong, and what happened since: found, over, done, acknowledged, seen to come or
        go; and when nobody watched.

        It tells what opsdash has seen while it ran, and asks no host. SELECT names hosts by names
        and globs, ``!web3`` leaves one out; nothing means all.
        """
        import asyncio

        from opsdash.activities.monitor import handover_report
        from opsdash.core import clock
        from opsdash.core.moment import moment_of

        try:
            moment = moment_of(since, clock.now())
        except ValueError as error:
            raise click.UsageError(f"--since: {error}") from None
        found = asyncio.run(_found(words, moment))
        if form == "json":
            click.echo(handover_report.as_json(found))
        elif form == "markdown":
            click.echo(handover_report.as_markdown(found), nl=False)
        else:
            click.echo("\n".join(handover_report.as_text(found)))

    return report


async def _found(words: Sequence[str], since: float) -> Handover:
    """What the store and the audit log know; OpsdashError where they can't be read."""
    from opsdash.activities.monitor.events_report import fitting
    from opsdash.config.paths import state_dir
    from opsdash.core import clock
    from opsdash.core.errors import OpsdashError
    from opsdash.core.event import EventKind
    from opsdash.core.handover import Wrong, handover
    from opsdash.store.audit import AuditTrail
    from opsdash.store.events import Events
    from opsdash.store.store import Store

    folder = state_dir()
    store = Store(folder / "history.db")
    await store.open()
    try:
        events = await _events(Events(store), since, folder)
        episodes = await store.open_episodes()
        acts = [one.event() for one in await AuditTrail(folder, store).done_since(since)]
        known = {*await store.known_hosts(), *(one.host for one in episodes)}
        if store.notice:
            raise OpsdashError(store.notice)
    finally:
        await store.close()
    _none_is_unknown(words, known)
    fits, runs = fitting(words), (EventKind.STARTED, EventKind.STOPPED, EventKind.KILLED)
    wrong = [
        Wrong(one.host, one.health, one.summary, one.since) for one in episodes if fits(one.host)
    ]
    told = [one for one in [*events, *acts] if fits(one.host) or one.kind in runs]
    told.sort(key=lambda one: one.at)
    return handover(wrong, told, since, clock.now())


def _none_is_unknown(words: Sequence[str], known: set[str]) -> None:
    """UsageError for a name of which nothing was ever seen: a slip of the keys."""
    import click

    from opsdash.core.text import did_you_mean

    for word in words:
        name = word.removeprefix("!")
        if known and name not in known and not set(name) & set("*?["):
            near = did_you_mean(name, known)
            raise click.UsageError(f"{name!r} is no host that was ever watched{near}")


async def _events(table: Events, since: float, folder: Path) -> list[Event]:
    """What happened since then, behind the last time before that opsdash began or ended: whether
    anybody watched. Where it has never run nobody has; one that was killed has written nothing.
    """
    from opsdash.core.event import Event, EventKind
    from opsdash.engine.turns import died_at

    before, last = await table.run_before(since), await table.last_run()
    found = await table.since(since)
    if last is None:
        return [Event(since, EventKind.STOPPED, "", ""), *found]
    if last.kind is EventKind.STARTED and (at := await died_at(folder)) is not None:
        found.append(Event(max(at, last.at), EventKind.KILLED, "", ""))
    return found if before is None else [before, *found]


COMMAND = Command("report", "what whoever takes over has to know", build)
