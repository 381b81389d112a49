"""The audit log as a table, as all of a plan, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime

from opsdash.core.audit import AuditEntry, Phase
from opsdash.core.table import table
from opsdash.core.text import clean, clean_line, count, duration, shorten
from opsdash.core.utc import utc
from opsdash.store.audit_check import Verdict

SCHEMA = "opsdash-audit-1"
VERIFY_SCHEMA = "opsdash-audit-verify-1"

MOST_COMMAND = 60
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_table(entries: Sequence[AuditEntry]) -> list[str]:
    """A line for each step in local time, in the order in which they began, with how it ended."""
    rows = [
        (
            _local(first.at),
            first.who,
            first.host or "-",
            clean_line(f"{first.action} {first.target}".strip(), 60),
            _outcome(first, last),
            first.plan_id or "-",
            shorten(clean_line(first.command or first.text), MOST_COMMAND) or "-",
        )
        for first, last in _steps(entries)
    ]
    return table(("TIME", "WHO", "HOST", "ACTION", "OUTCOME", "PLAN", "COMMAND"), rows)


def _steps(entries: Sequence[AuditEntry]) -> list[tuple[AuditEntry, AuditEntry]]:
    """What belongs together: the beginning of a step, and its end where it has one."""
    found: list[tuple[AuditEntry, AuditEntry]] = []
    begun: dict[tuple[str, str, int], int] = {}
    for entry in entries:
        key = (entry.plan_id, entry.host, entry.step)
        if entry.phase is Phase.END and key in begun:
            place = begun.pop(key)
            found[place] = (found[place][0], entry)
            continue
        if entry.phase is Phase.BEGIN:
            begun[key] = len(found)
        found.append((entry, entry))
    return found


def _outcome(first: AuditEntry, last: AuditEntry) -> str:
    if last.phase is Phase.BEGIN:
        return "end not known"
    if last.phase is not Phase.END:
        return str(last.phase)
    if last.exit_status is None:
        return clean_line(last.text, 40) or "no exit status"
    return "ok" if last.exit_status == 0 else f"exit {last.exit_status}"


def as_plan(entries: Sequence[AuditEntry]) -> list[str]:
    """All that is known of one plan, host by host: every step, with its command in full."""
    first = entries[0]
    hosts = dict.fromkeys(entry.host for entry in entries if entry.host)
    who, where = clean_line(first.who), clean_line(first.from_where) or "somewhere"
    lines = [
        f"plan {first.plan_id}: {clean_line(f'{first.action} {first.target}')}".rstrip(),
        f"by {who} from {where}, on {count(len(hosts), 'host')}",
    ]
    for begun, ended in sorted(_steps(entries), key=lambda step: (step[0].host, step[0].seq)):
        lines += ["", *_step_lines(begun, ended)]
    return lines


def _step_lines(begun: AuditEntry, ended: AuditEntry) -> list[str]:
    """One step on one host: when, how it ended, what ran."""
    where = f"{begun.host or 'the plan'}{f', step {begun.step}' if begun.step else ''}"
    took = f" after {duration(max(ended.at - begun.at, 0))}" if ended is not begun else ""
    seqs = f"entry {begun.seq}" if ended is begun else f"entries {begun.seq} and {ended.seq}"
    lines = [clean_line(f"{where}: {_local(begun.at)}, {_outcome(begun, ended)}{took}  ({seqs})")]
    lines += [f"  | {line}" for line in clean(begun.command, len(begun.command)).splitlines()]
    lines += [f"  {clean_line(ended.text)}"] if ended.text else []
    if ended.before or ended.after:
        lines.append(f"  before {ended.before or '-'}, after {ended.after or '-'}")
    return lines


def as_json(entries: Sequence[AuditEntry]) -> str:
    """One document, every entry as it was written; `at` is in UTC besides."""
    return json.dumps({"schema": SCHEMA, "entries": [_data(entry) for entry in entries]})


def _data(entry: AuditEntry) -> dict[str, object]:
    return {**asdict(entry), "phase": entry.phase.value, "time": utc(entry.at, "milliseconds")}


def as_csv(entries: Sequence[AuditEntry]) -> str:
    """A row for each entry; a cell that a spreadsheet would run begins with an apostrophe."""
    out = io.StringIO()
    names = ["time", *(one.name for one in fields(AuditEntry))]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({name: _cell(value) for name, value in _data(entry).items()})
    return out.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def verdict_lines(verdict: Verdict) -> list[str]:
    """What verify() found, for people: the answer first."""
    what = f"{count(verdict.entries, 'entry', 'entries')} in {count(verdict.files, 'file')}"
    notes = [clean_line(f"  {note}") for note in verdict.notes]
    if verdict.whole:
        end = f", up to {verdict.head.count}:{verdict.head.hash}" if verdict.entries else ""
        return [f"whole: {what}{end}", *notes]
    place = clean_line(f"{verdict.place}: {verdict.fault}")
    return [f"BROKEN: {place}", f"  {what} before that hold", *notes]


def verdict_json(verdict: Verdict) -> str:
    """The same as one document."""
    found = {
        "schema": VERIFY_SCHEMA,
        "whole": verdict.whole,
        "entries": verdict.entries,
        "files": verdict.files,
        "head": f"{verdict.head.count}:{verdict.head.hash}",
        "fault": verdict.fault or None,
        "place": verdict.place or None,
        "notes": list(verdict.notes),
    }
    return json.dumps(found)


def _local(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
