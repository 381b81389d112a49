"""All that is known of an incident, as Markdown for people and as JSON for programs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from opsdash.activities.monitor.handover_report import as_data, escaped, sections
from opsdash.core.audit import AuditEntry, Phase
from opsdash.core.handover import Handover
from opsdash.core.happening import Happening
from opsdash.core.log_record import LogEntry, LogGap
from opsdash.core.moment import split_time
from opsdash.core.priority import PRIORITIES, letter
from opsdash.core.text import count
from opsdash.core.utc import utc_if_known

SCHEMA = "opsdash-incident-1"
Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class Incident:
    """What is known of these hosts from `since` until `until` (seconds since 1970): how they fare
    and fared, what changed, the oldest first, what was run from here, and their log lines.
    `notes` say what is not in it, and why.
    """

    title: str
    hosts: tuple[str, ...]
    handover: Handover
    changes: tuple[Happening, ...] = ()
    commands: tuple[AuditEntry, ...] = ()
    lines: tuple[LogEntry, ...] = ()
    notes: tuple[str, ...] = ()


def document(incident: Incident) -> Document:
    """All of it as JSON has it; times are UTC."""
    return {
        "schema": SCHEMA,
        "title": incident.title,
        "hosts": list(incident.hosts),
        "notes": list(incident.notes),
        "state": as_data(incident.handover),
        "changes": [_change(one) for one in incident.changes],
        "commands": [_command(one) for one in incident.commands],
        "lines": [_line(one) for one in incident.lines],
    }


def _change(one: Happening) -> Document:
    return {
        "at": utc_if_known(one.at, "milliseconds"),
        "host": one.host,
        "kind": str(one.kind),
        "text": one.words,
        "subject": one.subject or None,
        "who": one.who or None,
        "source": one.source or None,
    }


def _command(one: AuditEntry) -> Document:
    return {
        "at": utc_if_known(one.at, "milliseconds"),
        "who": one.who,
        "host": one.host or None,
        "action": one.action,
        "target": one.target or None,
        "phase": one.phase.value,
        "plan": one.plan_id or None,
        "command": one.command or None,
        "exit_status": one.exit_status,
        "text": one.text or None,
    }


def _line(one: LogEntry) -> Document:
    if isinstance(one, LogGap):
        return {
            "at": utc_if_known(one.at_s, "milliseconds"),
            "host": one.host,
            "gap": one.why,
            "dropped": one.dropped,
        }
    return {
        "at": utc_if_known(one.at_s, "milliseconds"),
        "host": one.host,
        "priority": PRIORITIES[one.priority] if one.priority is not None else None,
        "program": one.program or None,
        "unit": one.unit or None,
        "pid": one.pid,
        "text": one.text,
    }


def page(incident: Incident) -> Document:
    """The same for people: title, hosts, notes, and sections of a heading and the lines below."""
    found = incident.handover
    every = sections(found)
    every += [
        ("WHAT CHANGED", [f"{_local(one.at)} {one.host}: {one.words}" for one in incident.changes]),
        ("RUN FROM HERE", [_ran(one) for one in incident.commands if one.phase is not Phase.BEGIN]),
        (f"LOG, {count(len(incident.lines), 'line')}", [_said(one) for one in incident.lines]),
    ]
    return {
        "title": incident.title,
        "hosts": ", ".join(incident.hosts),
        "span": f"From {_local(found.since)} until {_local(found.until)}.",
        "sections": [
            ("WHAT IS NOT IN HERE", list(incident.notes)),
            *((heading, below) for heading, below in every),
        ],
    }


def markdown(told: Document) -> str:
    """A page as a Markdown document, whose text is only text, whatever hosts say."""
    lines = [f"# {escaped(str(told['title']))}", "", f"Hosts: {escaped(str(told['hosts']))}", ""]
    lines += [escaped(str(told["span"])), ""]
    found = told["sections"]
    assert isinstance(found, list)  # noqa: S101 - page() made it
    for heading, below in found:
        if below:
            lines += [f"## {escaped(str(heading).capitalize())}", ""]
            lines += [f"- {escaped(str(one))}" for one in below]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _ran(one: AuditEntry) -> str:
    status = f", status {one.exit_status}" if one.exit_status is not None else ""
    what = f"{one.action} {one.target}".strip()
    said = f": {one.text}" if one.text else ""
    return f"{_local(one.at)} {one.host or '-'} {one.who}: {what}{status}{said}: {one.command}"


def _said(one: LogEntry) -> str:
    at = _local(one.at_s) if one.at_s is not None else "-"
    if isinstance(one, LogGap):
        return f"{at} {one.host} lines are missing: {one.why}"
    text = " ".join(one.text.split("\n"))
    return f"{at} {one.host} {letter(one.priority)} {one.program or '-'}: {text}"


def _local(at: float) -> str:
    when = split_time(at)
    return time.strftime("%Y-%m-%d %H:%M:%S", when) if when is not None else "-"
