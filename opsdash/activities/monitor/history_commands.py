"""``opsdash history``: what a metric of a host was, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.plugin import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

    from opsdash.core.reading import SampleKey
    from opsdash.store.past import Past

NOTHING = 3
"""The exit code when nothing is known of that time: unknown is not OK."""


EXAMPLES = """\b
Examples:
  opsdash history web1                              the metrics that have a history
  opsdash history web1 cpu --since 6h
  opsdash history db1 'filesystem.used_ratio[/var]' --since 7d --csv
  opsdash history --events --since 12h              what happened, on all hosts
  opsdash history --events 'web*' '!web3' --since 7d --json"""


def build() -> click.Command:
    """The click command ``history``."""
    import click

    @click.command("history", epilog=EXAMPLES)
    @click.argument("words", nargs=-1, metavar="HOST [METRIC] | [SELECT...]")
    @click.option("--events", is_flag=True, help="What happened, not what a metric was.")
    @click.option("--since", default="1h", show_default=True, help="How far back: 30m, 6h, 7d.")
    @click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    @click.option("--csv", "as_csv", is_flag=True, help="CSV instead of a table.")
    def history(words: tuple[str, ...], since: str, **flags: bool) -> None:
        """What METRIC of HOST was, as opsdash saw it while it ran; without METRIC, which there are.

        METRIC is a metric's name, with its label in brackets where it has one, or short: cpu, mem,
        swap, load, in, out, read, write. The last hour is told by ten seconds, a day by the
        minute, thirty days by five minutes: mean, least and most. Exits with 3 if nothing is known.

        With --events: which hosts changed their health, what was found and what is over, which
        ports and mounts came and went, what was silenced, and when opsdash watched; of all hosts,
        or of those whose names fit. They are kept for 90 days.
        """
        import asyncio

        from opsdash.config.field_values import span_s

        if flags["as_json"] and flags["as_csv"]:
            raise click.UsageError("--json or --csv, not both")
        try:
            back_s = span_s(since)
        except ValueError as error:
            raise click.UsageError(f"--since {error}") from None
        if flags["events"]:
            raise SystemExit(asyncio.run(_show_events(words, back_s, flags)))
        if not 1 <= len(words) <= 2:
            raise click.UsageError("give a host, and at most one metric of it; or --events")
        metric = words[1] if len(words) > 1 else None
        raise SystemExit(asyncio.run(_show(words[0], metric, back_s, flags)))

    return history


async def _show(host: str, metric: str | None, back_s: float, flags: Mapping[str, bool]) -> int:
    from opsdash.config.paths import state_dir
    from opsdash.core.errors import OpsdashError
    from opsdash.store.past import Past
    from opsdash.store.store import Store

    store = Store(state_dir() / "history.db")
    await store.open()
    try:
        past = Past(store)
        keys = await past.keys(host)
        if store.notice:
            raise OpsdashError(store.notice)
        if not keys:
            return _nothing(f"there is no history of {host}", host, await past.hosts())
        if metric is None:
            return _list(keys)
        return await _tell(past, (host, metric, keys), back_s, flags)
    finally:
        await store.close()


async def _show_events(words: tuple[str, ...], back_s: float, flags: Mapping[str, bool]) -> int:
    import click

    from opsdash.activities.monitor import events_report as report
    from opsdash.config.paths import state_dir
    from opsdash.core import clock
    from opsdash.core.errors import OpsdashError
    from opsdash.store.events import Events
    from opsdash.store.store import Store

    store = Store(state_dir() / "history.db")
    await store.open()
    try:
        found = await Events(store).since(clock.now() - back_s)
        if store.notice:
            raise OpsdashError(store.notice)
    finally:
        await store.close()
    events = report.chosen(found, words)
    if flags["as_json"]:
        click.echo(report.as_json(events))
    elif flags["as_csv"]:
        click.echo(report.as_csv(events), nl=False)
    elif events:
        click.echo("\n".join(report.as_table(events)))
    if not events:
        click.echo("opsdash: nothing is known to have happened in that time", err=True)
    return 0 if events else NOTHING


async def _tell(
    past: Past, wanted: tuple[str, str, list[SampleKey]], back_s: float, flags: Mapping[str, bool]
) -> int:
    import click

    from opsdash.activities.monitor import history_report as report
    from opsdash.core import clock
    from opsdash.core.history import step_for
    from opsdash.core.metric_words import key_of, name_of

    host, metric, keys = wanted
    key, step, at = key_of(metric), step_for(back_s), clock.now()
    if key not in keys:
        text = f"there is no history of {metric} of {host}"
        return _nothing(text, metric, [name_of(one) for one in keys])
    points = await past.points(host, key, at - back_s, at + step.seconds, step)
    excerpt = report.Excerpt(host, key, _unit(key[0]), step, points)
    if flags["as_json"]:
        click.echo(report.as_json(excerpt))
    elif flags["as_csv"]:
        click.echo(report.as_csv(excerpt), nl=False)
    else:
        click.echo("\n".join(report.as_table(excerpt)))
    if not points:
        click.echo("opsdash: nothing was seen in that time: opsdash did not run then", err=True)
    return 0 if points else NOTHING


def _unit(metric: str) -> str:
    from opsdash.core.discover import collectors

    collector = collectors().get(metric.partition(".")[0])
    found = collector.metrics if collector is not None else ()
    return next((one.unit for one in found if one.name == metric), "")


def _list(keys: list[SampleKey]) -> int:
    import click

    from opsdash.core.metric_words import name_of
    from opsdash.core.table import table

    click.echo("\n".join(table(("METRIC", "UNIT"), [(name_of(k), _unit(k[0])) for k in keys])))
    return 0


def _nothing(text: str, word: str, known: list[str]) -> int:
    import click

    from opsdash.core.text import clean_line, did_you_mean

    some = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    rest = f"; of these there is: {some}" if known else ": it grows while opsdash runs"
    click.echo(clean_line(f"opsdash: {text}{did_you_mean(word, known)}{rest}"), err=True)
    return NOTHING


COMMAND = Command("history", "what a metric of a host was", build)
