"""What an incident is put together from, whoever asks for it, and the folder that it becomes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsdash.activities.monitor.changes_report import unknown
from opsdash.activities.monitor.incident_report import Incident, markdown
from opsdash.activities.monitor.story import is_told, story
from opsdash.core.audit import AuditEntry
from opsdash.core.event import Event
from opsdash.core.handover import Wrong, handover
from opsdash.core.logs import LogsRead
from opsdash.core.snapshot import HostState
from opsdash.store.whole_file import replace_file

MOST_LINES = 5_000
"""Log lines that an incident holds, the latest."""


@dataclass(frozen=True, slots=True)
class Told:
    """What hosts, store and audit log have told: `events` and `commands` are the oldest first;
    `lacking` says which commands are not among these.
    """

    states: Sequence[HostState]
    events: Sequence[Event]
    commands: Sequence[AuditEntry]
    logs: LogsRead
    lacking: tuple[str, ...] = ()


def incident_of(told: Told, since: float, until: float, *, title: str = "") -> Incident:
    """All of it in order, and what is not in it."""
    names = tuple(state.name for state in told.states)
    lines = told.logs.lines
    notes = [*unknown(one for one in told.states if not is_told(one))]
    notes += [*told.logs.lacking, *told.lacking]
    if len(lines) > MOST_LINES:
        notes.append(f"{len(lines) - MOST_LINES:,} older log lines: only the last are in here")
    wrong = [
        Wrong(state.name, one.health, one.summary, one.since)
        for state in told.states
        for one in state.findings
    ]
    changed = [one for one in story(told.states) if since <= one.at <= until]
    return Incident(
        title or f"Incident of {', '.join(names[:5])}",
        names,
        handover(wrong, told.events, since, until),
        tuple(reversed(changed)),
        tuple(told.commands),
        lines[-MOST_LINES:],
        tuple(notes),
    )


async def ran_on(
    names: Collection[str], audited: Awaitable[Sequence[AuditEntry]]
) -> tuple[list[AuditEntry], tuple[str, ...]]:
    """What was run on these hosts, of what the audit log has, and why that can't be told."""
    try:
        return [one for one in await audited if one.host in names], ()
    except OSError as error:
        reason = error.strerror or str(error)
        return [], (f"the commands that were run: the audit log can't be read: {reason}",)


def names_of(states: Sequence[HostState]) -> set[str]:
    """The names by which these hosts are known."""
    found = {state.name for state in states}
    return found | {state.host.address for state in states if state.host.address}


def write_incident(folder: Path, page: object, document: object) -> None:
    """Make a folder of both forms, which only this user can read; OSError, ValueError: it can't be
    written. Both are masked already.
    """
    assert isinstance(page, dict)  # noqa: S101 - a mapping stays one when it is masked
    folder.mkdir(mode=0o700, parents=True)
    replace_file(folder / "incident.md", markdown(page))
    replace_file(folder / "incident.json", json.dumps(document, indent=1))
