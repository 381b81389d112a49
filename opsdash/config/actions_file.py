"""actions.yaml: the user's own actions. What is wrong with it is told with its place.

It says what is run on hosts, as root: a file that others may write is refused. An action that has
a fault is left out; the others can be used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from opsdash.config import action_values as values
from opsdash.config.marked_entry import Entry
from opsdash.config.marked_yaml import Marked, Where, load_marked
from opsdash.config.paths import actions_files
from opsdash.config.runbook_parts import seconds, sentence, truth, variable
from opsdash.core.action import ONE_BY_FIVE, Action, Argument
from opsdash.core.discover import actions
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.own_actions import OwnActions
from opsdash.core.plan import STEP_TIMEOUT_S, Danger, Rollout
from opsdash.core.runbook_condition import places_in
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts
from opsdash.core.selection import parse_selection
from opsdash.core.snapshot import HostState

MOST = 200
MOST_ARGUMENTS = 20
SCRIPTS = ("look", "run", "already", "verify", "undo")
_KEYS = (
    *("title", "does", "target", "danger", "hosts", "rollout", "arguments"),
    *(*SCRIPTS, "root", "timeout_s"),
)
_KINDER = {
    "select": " (did you mean hosts?)",
    "script": " (did you mean run?)",
    "command": " (did you mean run?)",
    "timeout": " (did you mean timeout_s?)",
}
_ID = re.compile(r"[a-z][a-z0-9-]{0,29}\.[a-z][a-z0-9-]{0,29}")
_TAKEN = ("ansible.", "pyinfra.", "runbook.", "shell.", "file.", "net.")
"""Nouns of what is in the audit log beside actions: nothing of the user's is taken for it."""

CheckScript = Callable[[str], str]
"""What is wrong with the text of a script; empty: nothing that can be told without running it."""


def _unchecked(text: str) -> str:
    return ""


def own_actions(source: str, check_script: CheckScript = _unchecked) -> OwnActions:
    """The actions of the user's files: those beside the hosts file in force (`source`) over those
    of the configuration. Reads files.
    """
    found: dict[str, Action] = {}
    places: dict[str, str] = {}
    faults: list[Fault] = []
    for path in actions_files(source):
        if path.exists():
            one = read_actions(path, check_script)
            found |= one.actions
            places |= one.places
            faults += one.faults
    return OwnActions(MappingProxyType(found), MappingProxyType(places), tuple(faults))


def read_actions(path: Path, check_script: CheckScript = _unchecked) -> OwnActions:
    """The actions of one file."""
    try:
        marked = load_marked(path, private=True)
    except ConfigError as error:
        return OwnActions(faults=tuple(error.faults))
    found = _actions(marked, check_script)
    places = {name: f"{path}:{marked.place(('actions', name), key=True)[0]}" for name in found}
    faults = sorted(marked.faults, key=lambda fault: (fault.line, fault.column))
    return OwnActions(MappingProxyType(found), MappingProxyType(places), tuple(faults))


def _actions(marked: Marked, check_script: CheckScript) -> dict[str, Action]:
    data = {} if marked.data is None else marked.data
    if not isinstance(data, dict):
        marked.blame((), "should be a mapping: actions: with a name and its fields below it")
        return {}
    top = Entry(marked, (), data)
    top.check_keys(("actions",))
    listed = data.get("actions") or {}
    if not isinstance(listed, dict) or len(listed) > MOST:
        top.blame("actions", f"should be a mapping of at most {MOST} actions by name")
        return {}
    found: dict[str, Action] = {}
    for name, entry in listed.items():
        if any(where[:2] == ("actions", name) for where, _ in marked.blamed):
            continue  # what can't even be read
        before = len(marked.faults)
        action = _action(marked, name, entry, check_script)
        if action is not None and len(marked.faults) == before:
            found[name] = action
    return found


def _action(marked: Marked, name: str, entry: Any, check_script: CheckScript) -> Action | None:
    where: Where = ("actions", name)
    if not _ID.fullmatch(name):
        marked.blame(where, "should be called noun.verb, in small letters: app.drain", key=True)
    elif name in actions() or name.startswith(_TAKEN):
        marked.blame(where, "comes with opsdash: take another name", key=True)
    if not isinstance(entry, dict):
        marked.blame(where, "should be a mapping with run: and what else it is")
        return None
    form = Entry(marked, where, entry)
    form.check_keys(_KEYS, _KINDER)
    if "run" not in entry:
        marked.blame(where, "needs run: the script that does it", key=True)
    danger = form.value("danger", values.danger) or Danger.OUTAGE
    arguments = _arguments(form)
    title = form.value("title", values.plain_sentence) or name
    target = form.value("target", values.one_of([one.name for one in arguments])) or ""
    does = form.value("does", sentence) or (f"{title}: {{{target}}}" if target else title)
    for place in places_in(does):
        if place not in {"host", *(one.name for one in arguments)}:
            form.blame("does", f"{{{place}}} is none of its arguments")
    doing = Doing(
        does,
        _scripts(form, danger, check_script),
        True if (root := form.value("root", truth)) is None else root,
        form.value("timeout_s", seconds) or STEP_TIMEOUT_S,
        _hosts(form),
        danger is Danger.READS,
    )
    rollout = form.value("rollout", values.mapping) is not None and _rollout(form)
    usual = QUIETLY if danger in (Danger.READS, Danger.CHANGES) else ONE_BY_FIVE
    return Action(name, title, danger, doing.steps, arguments, target, rollout or usual)


def _scripts(form: Entry, danger: Danger, check_script: CheckScript) -> Scripts:
    found: dict[str, str] = {}
    for key in SCRIPTS:
        text = form.value(key, values.script)
        if text is None:
            continue
        if danger is Danger.READS and key != "run":
            form.blame(key, "what only reads has nothing but run:")
        elif wrong := check_script(text):
            form.blame(key, wrong)
        found[key] = text
    return Scripts(**{"run": "", **found})


def _hosts(form: Entry) -> Callable[[HostState], str]:
    select = form.value("hosts", values.select)
    selection = parse_selection([select]) if select else None

    def why_not(state: HostState) -> str:
        if selection is None or selection.names(state.host):
            return ""
        return f"it is only for {selection.text}"

    return why_not


def _rollout(form: Entry) -> Rollout:
    inner = Entry(form.marked, (*form.where, "rollout"), form.data["rollout"])
    inner.check_keys(tuple(values.ROLLOUT))
    given: Mapping[str, Any] = {
        key: found
        for key, understand in values.ROLLOUT.items()
        if (found := inner.value(key, understand)) is not None
    }
    return Rollout(**given)


def _arguments(form: Entry) -> tuple[Argument, ...]:
    listed = form.data.get("arguments") or {}
    if not isinstance(listed, dict) or len(listed) > MOST_ARGUMENTS:
        form.blame("arguments", f"should be a mapping of at most {MOST_ARGUMENTS} by name")
        return ()
    return tuple(_argument(form, name, data) for name, data in listed.items())


def _argument(form: Entry, name: str, data: Any) -> Argument:
    where: Where = (*form.where, "arguments", name)
    try:
        variable(name)
    except ValueError as error:
        form.marked.blame(where, str(error), key=True)
    if not isinstance(data, dict):
        form.marked.blame(where, "should be a mapping: {help: what it is, type: word}")
        return Argument(name, "")
    one = Entry(form.marked, where, data)
    one.check_keys(("help", "type", "choices", "default", "matches"))
    if "help" not in data:
        form.marked.blame(where, "needs help: what it is, for who is asked", key=True)
    kind = one.value("type", values.kind) or values.USUAL_KIND
    argument = Argument(
        name,
        one.value("help", sentence) or "",
        choices=one.value("choices", values.choices) or (),
        names=kind.names,
        check=values.checked_by(kind, one.value("matches", values.whole_pattern)),
    )
    default = one.value("default", values.default)
    if default and (wrong := argument.fault(default)):
        one.blame("default", wrong)
    return values.with_default(argument, default)
