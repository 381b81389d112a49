"""Hosts that a program of the user's prints: ``inventory_command:`` in hosts.yaml."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

from opsdash.config.hosts_schema import InventoryCommand
from opsdash.config.importers.ansible_fields import found_in
from opsdash.config.importers.found import Found, shown
from opsdash.config.importers.inventory import from_list_form
from opsdash.config.local_command import run_for_text
from opsdash.config.marked_yaml import MAX_DEPTH, MAX_KEYS, Marked
from opsdash.config.ranges import MAX_HOSTS
from opsdash.core.errors import ConfigError, HostError
from opsdash.core.text import clean_line, count

MAX_BYTES = 8 * 1_048_576
"""What a command may print: 10,000 hosts with many variables fit."""

_OWN = frozenset({"version", "defaults", "groups", "hosts", "include", "inventory_command"})
_NOT_THERE = ("include", "inventory_command")
_TOLD = 20
"""Keys that stand twice are told up to this many."""
_OF_A_GROUP = frozenset({"hosts", "children", "vars"})


def ask(command: InventoryCommand, origin: Path, line: int) -> tuple[Marked, list[str]]:
    """Run an inventory command and give what it printed in the form of hosts.yaml, with notices.

    `origin` and `line` are where it stands: paths start from that folder. Waits for the command.
    ValueError says why there is no answer that could be understood.
    """
    program = _program(command.argv[0], origin.parent)
    argv = [program, *command.argv[1:]]
    try:
        text = run_for_text(argv, timeout_s=command.deadline, max_bytes=MAX_BYTES)
    except HostError as error:
        raise ValueError(error.problem.text) from None
    place = Path(f"{origin}:{line}: inventory_command")
    reader = _Reader()
    data = reader.read(program, text)
    notices = reader.notices(place)
    if not _is_own_form(data):
        found = _found(data, place)
        notices += [f"left out: {text}" for text in found.left_out] + found.notes
        data = _own_form(found)
    if not data.get("hosts") and not data.get("groups"):
        notices.append(f"{place}: gives no hosts")
    return _marked(place, data), notices


def _found(data: dict[str, Any], place: Path) -> Found:
    try:
        return found_in(from_list_form(data, str(place)), "ansible", place)
    except ConfigError as error:
        raise ValueError(error.faults[0].text) from None


def _marked(place: Path, data: dict[str, Any]) -> Marked:
    marked = Marked(place, data)
    marked.values[()] = (0, 0)  # what a program printed has no lines that a user could mend
    for key in _NOT_THERE:
        if key in data:
            marked.blame((key,), "has no meaning in what a command prints", key=True)
            del data[key]
    return marked


def _program(word: str, folder: Path) -> str:
    """The program that a command begins with; ValueError if others may write it."""
    if not word:
        raise ValueError("its first word is empty: name a program, then its arguments")
    if "/" not in word:
        found = shutil.which(word)
        if found is None:
            raise ValueError(f"there is no program {word} on the PATH")
        return found
    path = folder.absolute() / Path(word).expanduser()
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ValueError(f"{path} can't be started: {error.strerror}") from None
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ValueError(f"{path}: others may write it (mode {stat.S_IMODE(mode):04o})")
    return str(path)


class _Reader:
    """Reads JSON, and notes which keys stand twice in one object: only their last value holds."""

    def __init__(self) -> None:
        self._twice: dict[str, None] = {}

    def read(self, program: str, text: str) -> dict[str, Any]:
        """The object that a program printed; ValueError says why it is none."""
        try:
            data = json.loads(text, object_pairs_hook=self._object)
        except _TooManyKeys:
            why = f"more than {MAX_KEYS:,} keys in one object; a fleet has {MAX_HOSTS:,} hosts"
            raise ValueError(f"{program} printed {why} at most") from None
        except ValueError as error:
            raise ValueError(f"{program} printed no JSON: {clean_line(str(error))}") from None
        except RecursionError:
            data = None
        if not isinstance(data, dict) or _is_deeper(data, MAX_DEPTH):
            raise ValueError(f"{program} should print a JSON object of hosts or groups")
        return data

    def notices(self, place: Path) -> list[str]:
        """A sentence for each key that stands twice, up to a number."""
        told = list(self._twice)[:_TOLD]
        found = [
            f"{place}: {shown(key)} stands twice in one object: the last holds" for key in told
        ]
        more = len(self._twice) - len(told)
        return [*found, f"{place}: and {count(more, 'more key')} like that"] if more else found

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > MAX_KEYS:
            raise _TooManyKeys
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self._twice[key] = None
                seen.add(key)
        return found


class _TooManyKeys(Exception):
    """An object has so many keys that no fleet can be meant."""


def _is_deeper(data: Any, levels: int) -> bool:
    layer = [data]
    for _ in range(levels):
        layer = [
            below
            for one in layer
            for below in (one.values() if isinstance(one, dict) else one)
            if isinstance(below, dict | list)
        ]
        if not layer:
            return False
    return True


def _is_own_form(data: dict[str, Any]) -> bool:
    """Whether it is a hosts file as JSON, not Ansible's groups by name."""
    if "_meta" in data:
        return False
    if data.keys() <= _OWN and not isinstance(data.get("hosts"), list):
        return True
    return not all(
        isinstance(body, list) or (isinstance(body, dict) and body.keys() <= _OF_A_GROUP)
        for body in data.values()
    )


def _own_form(found: Found) -> dict[str, Any]:
    groups = {name: {"hosts": members} for name, members in found.groups.items()}
    return {"hosts": found.hosts, "groups": groups}
