"""watch_rules.yaml: which lines of a log become findings: those that come with opsdash, and the
user's own over them. What is wrong with a file is told with its place; a rule that has a fault is
left out, the others hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from opsdash.config import watch_rule_values as values
from opsdash.config.action_values import select
from opsdash.config.marked_entry import Entry
from opsdash.config.marked_yaml import Marked, load_marked
from opsdash.config.paths import shipped_watch_rules_folder, watch_rules_files
from opsdash.core.errors import ConfigError, Fault, SelectionError
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.selection import parse_selection, select_hosts
from opsdash.core.watch_rule import LogPlace, LogWhere, WatchRule, WatchRules

MOST = 200
MOST_SENT = 50_000
"""Characters: the script is one argument of a shell, which has 128 KB at most, quotes included."""

_KEYS = (
    *("title", "pattern", "except", "source", "severity", "count", "within"),
    *("words", "advice", "known_by", "hosts", "enabled"),
)
_KINDER = {
    "select": " (did you mean hosts?)",
    "unless": " (did you mean except?)",
    "regex": " (did you mean pattern?)",
    "program": " (did you mean source?)",
    "unit": " (did you mean source: unit:NAME?)",
    "file": " (did you mean source: /PATH?)",
    "level": " (did you mean severity?)",
}
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ANYWHERE = (LogWhere(LogPlace.ANY),)


@dataclass
class _Read:
    """What the files say so far; `fleet` are the hosts of which a rule may name some (None: it is
    not known which there are).
    """

    rules: dict[str, WatchRule]
    hosts: dict[str, str] = field(default_factory=dict)
    fleet: Mapping[str, Host] | None = None
    off: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


@cache
def shipped_rules() -> Mapping[str, WatchRule]:
    """The rules that come with opsdash, by name; ConfigError where one has a fault."""
    found: dict[str, WatchRule] = {}
    for path in sorted(shipped_watch_rules_folder().glob("*.yaml")):
        found |= rules_in(load_marked(path, private=False))
    return MappingProxyType(found)


def rules_in(marked: Marked) -> dict[str, WatchRule]:
    """The rules of one file by name, without those that come with opsdash; ConfigError has all its
    faults.
    """
    read = _Read({})
    _take(read, marked)
    if read.faults:
        raise ConfigError(read.faults)
    return read.rules


def read_watch_rules(paths: Iterable[Path], hosts: Mapping[str, Host]) -> WatchRules:
    """The rules of these files over those that come with opsdash, for these hosts. Reads files."""
    read = _Read(dict(shipped_rules()), fleet=hosts)
    for path in paths:
        if not path.exists():
            continue
        try:
            marked = load_marked(path, private=True)
        except ConfigError as error:
            read.faults += error.faults
            continue
        _take(read, marked)
    kept = {name: rule for name, rule in read.rules.items() if name not in read.off}
    away: dict[str, set[str]] = {}
    for name, text in read.hosts.items():
        meant = select_hosts(parse_selection([text]), hosts)
        for host in hosts.keys() - meant.keys():
            away.setdefault(host, set()).add(name)
    return WatchRules(
        MappingProxyType(kept),
        tuple(sorted(read.off)),
        MappingProxyType({host: frozenset(names) for host, names in away.items()}),
        MappingProxyType(read.hosts),
        tuple(read.faults),
    )


def watched(hosts: Mapping[str, Host], rules: WatchRules) -> dict[str, Host]:
    """The same hosts, each with the rules that hold for it."""
    everywhere = tuple(rules.rules.values())
    return {
        name: replace(host, watch=rules.of(name) if name in rules.elsewhere else everywhere)
        for name, host in hosts.items()
    }


def own_watch_rules(source: str, hosts: Mapping[str, Host]) -> WatchRules:
    """The rules that hold beside this hosts file (empty: there is none)."""
    return read_watch_rules(watch_rules_files(source), hosts)


def _take(read: _Read, marked: Marked) -> None:
    data = {} if marked.data is None else marked.data
    rules = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(rules, dict | None):
        marked.blame((), "should be a mapping: rules: with a name and its fields below it")
        rules = None
    elif isinstance(data, dict):
        Entry(marked, (), data).check_keys(("rules",))
    if len(rules or {}) > MOST:
        marked.blame(("rules",), f"has more than {MOST} rules")
        rules = None
    for name, entry in (rules or {}).items():
        _rule(read, marked, str(name), entry)
    read.faults += sorted(marked.faults, key=lambda fault: (fault.line, fault.column))


def _rule(read: _Read, marked: Marked, name: str, entry: Any) -> None:
    where = ("rules", name)
    faults = len(marked.faults)
    if not _ID.fullmatch(name):
        marked.blame(where, "a name is small letters, digits and -: our-app", key=True)
    if not isinstance(entry, dict):
        marked.blame(where, "should be a mapping with title, pattern and severity")
        return
    form = Entry(marked, where, entry)
    form.check_keys(_KEYS, _KINDER)
    before = read.rules.get(name)
    enabled = form.value("enabled", values.truth) is not False
    _check_whole(form, before, enabled=enabled)
    made, hosts = _made(form, before), form.value("hosts", partial(_some_of, read.fleet))
    if _sent({**read.rules, name: made}.values()) > MOST_SENT:
        text = f"the words and sources of all rules have more than {MOST_SENT:,} characters: "
        marked.blame(where, text + "a host could not be asked for so many", key=True)
    if len(marked.faults) > faults:
        return
    read.rules[name] = made
    if enabled:
        read.off.discard(name)
    else:
        read.off.add(name)
    if hosts:
        read.hosts[name] = hosts


def _sent(rules: Iterable[WatchRule]) -> int:
    """About so many characters of the script that hosts are asked by are of these rules."""
    words = sum(len(word) + 1 for rule in rules for word in rule.words)
    return words + sum(60 + 2 * len(where.name) for rule in rules for where in rule.sources)


def _some_of(fleet: Mapping[str, Host] | None, value: Any) -> str:
    """Which hosts; some of them there must be: it may be a name that is misspelt."""
    text = select(value)
    if fleet is None:
        return text
    try:
        select_hosts(parse_selection([text]), fleet)
    except SelectionError as error:
        raise ValueError(str(error)) from None
    return text


def _check_whole(form: Entry, before: WatchRule | None, *, enabled: bool) -> None:
    """Blame a new rule for what it lacks."""
    if before is not None:
        return
    if not enabled and len(form.data) == 1:
        form.blame("enabled", "there is no rule of that name: opsdash watch-rules lists them")
        return
    for key in ("title", "pattern", "severity"):
        if key not in form.data:
            form.marked.blame(form.where, f"needs {key}:", key=True)


def _made(form: Entry, before: WatchRule | None) -> WatchRule:
    """The rule; what is not said is as it is in the rule of that name that comes with opsdash."""
    base = before or WatchRule(str(form.where[-1]), "", "", _ANYWHERE, Health.WARN)
    line, _ = form.marked.place(form.where, key=True)
    given: dict[str, Any] = {
        "title": form.value("title", values.title),
        "pattern": form.value("pattern", values.pattern),
        "unless": form.value("except", values.pattern),
        "sources": form.value("source", values.sources),
        "health": form.value("severity", values.severity),
        "count": form.value("count", values.count),
        "within_s": form.value("within", values.within),
        "words": form.value("words", values.words),
        "advice": form.value("advice", values.advice),
        "known_by": form.value("known_by", values.known_by),
    }
    if given["pattern"] is not None and given["words"] is None:
        given["words"] = ()  # those of another pattern would keep its lines from being seen
    said = {key: value for key, value in given.items() if value is not None}
    rule = replace(base, **said, place=f"{form.marked.path}:{line}")
    return replace(rule, matches=values.Pattern(rule.pattern, rule.unless))
