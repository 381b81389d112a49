"""What ``opsdash incident`` does: it asks, gathers, masks, shows what it masked, and writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from opsdash.activities.monitor.incident_parts import (
    Told,
    incident_of,
    names_of,
    ran_on,
    write_incident,
)
from opsdash.activities.monitor.incident_report import Incident, document, page
from opsdash.core import clock
from opsdash.core.happening import SOURCES
from opsdash.core.log_record import LogQuery
from opsdash.core.moment import moment_of
from opsdash.core.priority import priority_of
from opsdash.core.redaction import Redaction
from opsdash.core.snapshot import HostState
from opsdash.core.text import count
from opsdash.engine.asked import asked_once
from opsdash.engine.look import settle
from opsdash.engine.session import Session

UNKNOWN = 3
"""The exit code when a host did not tell: unknown is not OK."""

_MASKS = ("addresses", "names")


def make(select: tuple[str, ...], given: Mapping[str, Any]) -> int:
    """Do it; gives the exit code. UsageError for what can't be meant."""
    query, masks = _understood(given)
    folder = Path(given["out"] or time.strftime("incident-%y%m%d-%H%M%S"))
    if folder.exists():
        raise click.UsageError(f"{folder} is there already: --out names a new folder")
    session, selection = asked_once(
        given["hosts_file"], given["demo"], select, batch=bool(given["batch"])
    )
    incident, states = asyncio.run(_gathered(session, selection.matches, query, given))
    if not incident.hosts:
        raise click.UsageError("SELECT fits no host")
    redaction = Redaction(
        names_of(states) if "names" in masks else (), addresses="addresses" in masks
    )
    made = redaction.value(document(incident))
    shown = redaction.told()
    told = redaction.value(page(incident))
    _show(incident, shown, folder)
    if not given["yes"] and not click.confirm("write it?", default=False, err=True):
        click.echo("nothing was written", err=True)
        return 1
    try:
        write_incident(folder, told, made)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise click.UsageError(f"{folder} can't be written: {reason}") from None
    click.echo(f"{folder}/incident.md and incident.json are written", err=True)
    return UNKNOWN if incident.notes else 0


def _understood(given: Mapping[str, Any]) -> tuple[LogQuery, tuple[str, ...]]:
    """Which lines are wanted, and what is to be masked."""
    now = clock.now()
    moments = {}
    for name in ("since", "until"):
        try:
            moments[name] = moment_of(given[name], now)
        except ValueError as error:
            raise click.UsageError(f"--{name}: {error}") from None
    if moments["until"] <= moments["since"]:
        raise click.UsageError("--until is before --since")
    try:
        priority = priority_of(given["prio"])
    except ValueError as error:
        raise click.UsageError(f"--prio: {error}") from None
    masks = tuple(word for word in given["mask"].replace(",", " ").split() if word)
    for word in masks:
        if word not in _MASKS:
            raise click.UsageError(f"--mask: {word!r} is none of {', '.join(_MASKS)}")
    query = LogQuery(
        priority=priority, since_s=moments["since"], until_s=moments["until"], lines=None
    )
    return query, masks


async def _gathered(
    session: Session, matches: Any, query: LogQuery, given: Mapping[str, Any]
) -> tuple[Incident, list[HostState]]:
    """All that is known, by the store, the audit log and the hosts."""
    since, until = query.since_s or 0.0, query.until_s or 0.0
    deadline_s = float(str(given["deadline_s"]))
    async with session:
        await settle(session, deadline_s, ("clock", *SOURCES))
        snapshot = session.snapshot()
        states = [one for one in snapshot.hosts.values() if matches(one, snapshot.at)]
        names = tuple(state.name for state in states)
        events = [one for one in await session.events(since) if one.host in names]
        acts, lacking = await ran_on(names, session.audited(since))
        read = await session.logs.read(names, query, deadline_s)
    ran = tuple(one for one in acts if one.at <= until)
    told = Told(states, events, ran, read, lacking)
    return incident_of(told, since, until, title=given["title"]), states


def _show(incident: Incident, masked: Sequence[str], folder: Path) -> None:
    """What would be written where, and what was taken out of it."""
    parts = (
        count(len(incident.hosts), "host"),
        count(len(incident.handover.wrong), "finding"),
        count(len(incident.changes), "change"),
        count(len(incident.commands), "audit entry", "audit entries"),
        count(len(incident.lines), "log line"),
    )
    click.echo(f"{folder}: {', '.join(parts)}", err=True)
    click.echo("masked:" if masked else "masked: nothing", err=True)
    for one in masked:
        click.echo(f"  {one}", err=True)
    for one in incident.notes:
        click.echo(f"not in it: {one}", err=True)
