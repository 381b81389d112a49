"""What ``opsdash logs`` does: from the command line to a query, and from lines to the output."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from opsdash.activities.troubleshoot.logs_report import Form, clock_notice, json_line, plain_line
from opsdash.activities.troubleshoot.run_command import Asking, fleet_of
from opsdash.core import clock
from opsdash.core.fleet import Fleet
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery
from opsdash.core.log_state import LogState
from opsdash.core.moment import moment_of
from opsdash.core.named_log import nobody_has
from opsdash.core.priority import priority_of
from opsdash.core.terminal import terminal_of
from opsdash.core.text import count
from opsdash.engine.asked import surroundings
from opsdash.engine.demo import demo_ways
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.engine.logs_alone import logs_alone
from opsdash.engine.surroundings import Surroundings

UNKNOWN = 3
"""The exit code when a host did not tell: unknown is not OK."""

LAST_LINES = 10


def print_logs(select: tuple[str, ...], options: Mapping[str, Any]) -> int:
    """Do it; gives the exit code. UsageError for what can't be meant."""
    try:
        query = query_of(options, clock.now())
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    fleet, around = _chosen(select, options)
    if said := nobody_has(query.named, fleet.hosts.values()):
        raise click.UsageError(said)
    names = max(map(len, fleet.hosts))
    form = Form(name_width=min(names, 24), utc=options["utc"], coloured=_is_coloured())
    try:
        return asyncio.run(_print(fleet, around, query, None if options["as_json"] else form))
    except BrokenPipeError:
        # click would call it a failure; a reader that had enough is none
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def query_of(options: Mapping[str, Any], now: float) -> LogQuery:
    """What the options mean; ValueError says which of them means nothing."""
    given = {name: _moment(name, options[name], now) for name in ("since", "until")}
    if options["follow"] and given["until"] is not None:
        raise ValueError("--follow or --until, not both")
    try:
        re.compile(options["grep"])
    except re.error as error:
        raise ValueError(f"--grep {options['grep']}: {error}") from None
    lines = options["lines"]
    if lines is None and given["since"] is None and not options["boot"]:
        lines = LAST_LINES
    since_s, until_s = given["since"], given["until"]
    if since_s is not None and until_s is not None and until_s < since_s:
        raise ValueError("--until is before --since")
    return LogQuery(
        units=options["units"],
        files=options["files"],
        containers=options["containers"],
        named=options["named"],
        kernel=options["kernel"],
        priority=_priority(options["prio"]),
        boot=options["boot"],
        since_s=since_s,
        until_s=until_s,
        lines=lines,
        follow=options["follow"],
        grep=options["grep"],
    )


def _moment(name: str, text: str | None, now: float) -> float | None:
    try:
        return None if text is None else moment_of(text, now)
    except ValueError as error:
        raise ValueError(f"--{name} {error}") from None


def _priority(text: str | None) -> int | None:
    try:
        return None if text is None else priority_of(text)
    except ValueError as error:
        raise ValueError(f"--prio {error}") from None


def _chosen(select: tuple[str, ...], options: Mapping[str, Any]) -> tuple[Fleet, Surroundings]:
    """The selected hosts, and what they are reached by."""
    if options["demo"] is not None:
        return demo_ways(options["demo"], select)
    fleet = fleet_of(Asking(select, (), options))
    return fleet, surroundings(batch=options["batch"])


def _is_coloured() -> bool:
    terminal = terminal_of(os.environ, coerced=bool(sys.flags.utf8_mode))
    return sys.stdout.isatty() and terminal.coloured


async def _print(fleet: Fleet, around: Surroundings, query: LogQuery, form: Form | None) -> int:
    """Print what comes until it is over; with no form as JSON."""
    silent: set[str] = set()
    told: set[str] = set()
    async with logs_alone(fleet, around, query) as logs:
        async for batch in logs.batches():
            silent |= _tell(logs.notices())
            _tell_clocks(logs.states(), told)
            await _write(logs, [_line(one, form) for one in batch])
        states = logs.states()
    _tell_dropped(states)
    silent |= {one.host for one in states if one.problem is not None}
    return UNKNOWN if silent else 0


def _line(entry: LogEntry, form: Form | None) -> str:
    return json_line(entry) if form is None else plain_line(entry, form)


async def _write(logs: FleetLogs, lines: Sequence[str]) -> None:
    """To a pipe that is full it takes as long as its reader likes: then the hosts wait, too."""
    if not lines:
        return
    text = "".join(f"{line}\n" for line in lines)
    logs.pause()
    try:
        await asyncio.to_thread(_put, text)
    finally:
        logs.resume()


def _put(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _tell(notices: Sequence[LogNotice]) -> set[str]:
    """Say them; gives the hosts of which something is not known."""
    for one in notices:
        hint = f" ({one.hint})" if one.hint else ""
        click.echo(f"opsdash: {one.text}{hint}", err=True)
    return {one.host for one in notices}


def _tell_clocks(states: Sequence[LogState], told: set[str]) -> None:
    for one in states:
        if one.ahead_s and one.host not in told:
            told.add(one.host)
            click.echo(f"opsdash: {clock_notice(one)}", err=True)


def _tell_dropped(states: Sequence[LogState]) -> None:
    for one in states:
        if one.dropped:
            text = f"{one.host}: {count(one.dropped, 'line')} came faster than they were taken"
            click.echo(f"opsdash: {text}", err=True)
