"""Watch rules as a table, as YAML to copy, as JSON; and lines held against them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import time

from opsdash.collectors.log_folding import as_told
from opsdash.collectors.log_stamps import stamped
from opsdash.core.errors import SelectionError
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.table import table
from opsdash.core.text import clean_line, count, did_you_mean
from opsdash.core.watch_rule import LogPlace, LogWhere, WatchedLine, WatchRule

SCHEMA = "opsdash-watch-rules-1"
TRIED_SCHEMA = "opsdash-watch-rules-tried-1"
LONGEST_LINE = 600


def report(fleet: Fleet, names: Sequence[str], *, as_json: bool) -> list[str]:
    """All rules, or those of these names in full; SelectionError."""
    rules = _chosen(fleet, names)
    if as_json:
        found = [_data(rule, fleet) for rule in rules]
        return [json.dumps({"schema": SCHEMA, "off": list(fleet.watch_rules.off), "rules": found})]
    if names:
        return [line for rule in rules for line in ("", *_in_full(rule, fleet))][1:]
    rows = [
        (
            rule.name,
            _severity(rule),
            str(rule.count),
            rule.within,
            _sources(rule),
            str(len(_hosts_of(rule, fleet))),
            rule.title,
        )
        for rule in rules
    ]
    header = ("RULE", "SEVERITY", "LINES", "WITHIN", "SOURCE", "HOSTS", "MEANS")
    off = fleet.watch_rules.off
    last = [f"switched off: {', '.join(off)}"] if off else []
    return [*table(header, rows), "", count(len(rules), "rule"), *last]


def _chosen(fleet: Fleet, names: Sequence[str]) -> list[WatchRule]:
    known = fleet.watch_rules.rules
    for name in names:
        if name not in known:
            off = ": it is switched off" if name in fleet.watch_rules.off else ""
            near = off or did_you_mean(name, list(known))
            raise SelectionError(f'there is no watch rule "{clean_line(name, 60)}"{near}')
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def _hosts_of(rule: WatchRule, fleet: Fleet) -> list[str]:
    elsewhere = fleet.watch_rules.elsewhere
    return [name for name in fleet.hosts if rule.name not in elsewhere.get(name, ())]


def _severity(rule: WatchRule) -> str:
    return "critical" if rule.health is Health.CRIT else "warning"


def _sources(rule: WatchRule) -> str:
    return " ".join(str(one) for one in rule.sources)


def _in_full(rule: WatchRule, fleet: Fleet) -> list[str]:
    """The rule as it would stand in watch_rules.yaml: JSON's strings are YAML's, too."""
    fields: dict[str, object] = {
        "title": rule.title,
        "pattern": rule.pattern,
        "except": rule.unless,
        "source": [str(one) for one in rule.sources],
        "severity": _severity(rule),
        "count": rule.count,
        "within": rule.within,
        "words": list(rule.words),
        "advice": rule.advice,
        "known_by": list(rule.known_by),
        "hosts": fleet.watch_rules.hosts.get(rule.name, ""),
    }
    lines = [f"# {rule.place}; holds for {count(len(_hosts_of(rule, fleet)), 'host')}"]
    lines += ["rules:", f"  {rule.name}:"]
    said = [(key, value) for key, value in fields.items() if value]
    return [*lines, *(f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in said)]


def _data(rule: WatchRule, fleet: Fleet) -> Mapping[str, object]:
    return {
        "name": rule.name,
        "title": rule.title,
        "pattern": rule.pattern,
        "except": rule.unless or None,
        "sources": [str(one) for one in rule.sources],
        "severity": _severity(rule),
        "count": rule.count,
        "within_s": rule.within_s,
        "words": list(rule.words),
        "advice": rule.advice or None,
        "known_by": list(rule.known_by),
        "hosts": fleet.watch_rules.hosts.get(rule.name, "all"),
        "matching_hosts": _hosts_of(rule, fleet),
        "place": rule.place,
    }


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of lines that were held against rules."""

    lines: list[str]
    any_meant: bool


def tried(fleet: Fleet, names: Sequence[str], lines: Iterable[str], *, as_json: bool) -> Tried:
    """Which rules mean which of these lines, and how many each; SelectionError.

    The lines are those of a syslog or of journalctl. What a rule looks for in a unit or a file is
    looked for in all of them: they don't say where they come from.
    """
    rules = _chosen(fleet, names)
    meant: dict[str, int] = {}
    found: list[tuple[str, ...]] = []
    read = 0
    for line in lines:
        read += 1
        one = _line(line)
        for rule in (rule for rule in rules if _means(rule, one)):
            meant[rule.name] = meant.get(rule.name, 0) + 1
            found.append((str(read), rule.name, one.program or "-", one.text))
    if as_json:
        data = [
            {"line": int(number), "rule": name, "program": program, "text": text}
            for number, name, program, text in found
        ]
        said = {"schema": TRIED_SCHEMA, "read": read, "meant": meant, "lines": data}
        return Tried([json.dumps(said)], bool(meant))
    rows = table(("LINE", "RULE", "PROGRAM", "TEXT"), found) if found else []
    known = {rule.name: rule for rule in rules}
    sums = [
        f"{name}: {count(number, 'line')}, a finding from {known[name].count} in "
        f"{known[name].within} on"
        for name, number in meant.items()
    ]
    end = f"{count(read, 'line')} read, {len(found)} of them mean something"
    return Tried([*rows, *([""] if rows else []), *sums, end], bool(meant))


def _line(line: str) -> WatchedLine:
    head = stamped(line.rstrip("\n")[:LONGEST_LINE], zone_s=0.0, now_s=time())
    return as_told(head)


def _means(rule: WatchRule, line: WatchedLine) -> bool:
    own = (LogPlace.UNIT, LogPlace.FILE)
    at: list[LogWhere | None] = [one for one in rule.sources if one.place in own]
    return any(rule.means(WatchedLine(line.text, line.program, where)) for where in (None, *at))
