"""Ansible's YAML inventories, and the variables in group_vars and host_vars."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from opsdash.config.importers.ansible_ini import host_names
from opsdash.config.importers.inventory import USED, Inventory, Var, Vars, from_list_form
from opsdash.config.marked_yaml import Marked, Where, dotted, parse_marked
from opsdash.config.source_text import is_file, is_folder, read_text
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.text import clean_line

LONGEST = 200
"""Characters that the name of a file of variables may have, with room for its ending."""
VAULT = "$ANSIBLE_VAULT;"
_PARTS = ("hosts", "vars", "children")
_SUFFIXES = ("", ".yml", ".yaml", ".json")


def read_yaml(found: Inventory, path: Path, text: str) -> None:
    """Add what a YAML inventory says; ConfigError if it is none."""
    marked = parse_marked(path, text)
    data = marked.data
    if not isinstance(data, dict):
        raise ConfigError([Fault(str(path), 1, 1, "should be a mapping of groups")])
    if "plugin" in data:
        why = "is the configuration of an inventory plug-in: install ansible to have it read"
        raise ConfigError([Fault(str(path), *marked.place(("plugin",)), why)])
    if "_meta" in data:
        _merge(found, from_list_form(data, str(path)))
        return
    _Groups(found, marked).read(data)


def _merge(found: Inventory, other: Inventory) -> None:
    found.groups.update(other.groups)
    found.host_vars.update(other.host_vars)
    found.places.update(other.places)
    found.notes += other.notes


class _Groups:
    """Walks the groups of one file; what Ansible would only warn of becomes a note."""

    def __init__(self, found: Inventory, marked: Marked) -> None:
        self._found = found
        self._marked = marked

    def read(self, data: dict[str, Any]) -> None:
        """Add all groups; nesting is bounded by the YAML reader."""
        waiting = deque[tuple[str, Any, Where]]((name, data[name], (name,)) for name in data)
        while waiting:
            name, body, where = waiting.popleft()
            waiting += self._group(name, body, where)

    def _group(self, name: str, body: Any, where: Where) -> list[tuple[str, Any, Where]]:
        """Add one group; gives the groups below it."""
        group = self._found.group(name)
        if body is None:
            return []
        if not isinstance(body, dict):
            self._note(where, "should be a mapping with hosts:, children: or vars:")
            return []
        for key in body:
            if key not in _PARTS:
                self._note((*where, key), "is none of hosts:, children:, vars:")
        for pattern, own in self._mapping(body, where, "hosts").items():
            self._host(name, pattern, own, (*where, "hosts", pattern))
        group.vars.update(
            variables(self._marked, self._mapping(body, where, "vars"), (*where, "vars"))
        )
        children = self._mapping(body, where, "children")
        below = [(child, children[child], (*where, "children", child)) for child in children]
        for child, _, at in below:
            group.children.setdefault(child, self._place(at))
        return below

    def _host(self, group: str, pattern: str, own: Any, where: Where) -> None:
        try:
            names, port = host_names(pattern)
        except ValueError as reason:
            self._note(where, str(reason))
            return
        vars_ = variables(self._marked, own if isinstance(own, dict) else {}, where)
        if port:
            vars_.setdefault("ansible_port", Var(port, self._place(where)))
        for name in names:
            self._found.host(name, group, self._place(where))
            self._found.host_vars.setdefault(name, {}).update(vars_)

    def _mapping(self, body: dict[str, Any], where: Where, key: str) -> dict[str, Any]:
        value = body.get(key)
        if value is None:
            return {}
        if isinstance(value, str) and key != "vars":
            return {value: None}
        if not isinstance(value, dict):
            self._note((*where, key), "should be a mapping")
            return {}
        return value

    def _place(self, where: Where) -> str:
        return f"{self._marked.path}:{self._marked.place(where, key=True)[0]}"

    def _note(self, where: Where, text: str) -> None:
        self._found.notes.append(f"{self._place(where)}: {dotted(where)}: {text}")


def variables(marked: Marked, data: dict[str, Any], where: Where) -> Vars:
    """The variables of a mapping that say how a host is reached, each with its place."""
    found: Vars = {}
    for key, value in data.items():
        if key in USED:
            at = (*where, key)
            line, _ = marked.place(at, key=True)
            # a value with a tag: the reader of YAML kept back what is encrypted
            vaulted = value is None and (at, False) in marked.blamed
            found[key] = Var(value, f"{marked.path}:{line}", vaulted)
    return found


def read_vars_beside(found: Inventory, folder: Path) -> None:
    """Add what group_vars and host_vars beside an inventory say of its groups and hosts."""
    groups, hosts = folder / "group_vars", folder / "host_vars"
    for name in [*found.groups, "all"] if groups.is_dir() else ():
        if own := _vars_of(found, groups, name):
            found.group(name).file_vars.update(own)
    for host in list(found.places) if hosts.is_dir() else ():
        if own := _vars_of(found, hosts, host):
            found.host_file_vars.setdefault(host, {}).update(own)


def _vars_of(found: Inventory, folder: Path, name: str) -> Vars:
    """The variables in the files of a name: NAME, NAME.yml, or all files in a folder NAME."""
    own: Vars = {}
    if "/" in name or name in ("", ".", "..") or len(name) > LONGEST or not is_folder(folder):
        return own
    for suffix in _SUFFIXES:
        path = folder / f"{name}{suffix}"
        below = sorted(path.rglob("*")) if not suffix and is_folder(path) else [path]
        for file in below:
            if is_file(file) and file.suffix in _SUFFIXES and file.name[0] != ".":
                own.update(_vars_in(found, file))
    return own


def _vars_in(found: Inventory, path: Path) -> Vars:
    try:
        text = read_text(path, private=False)
        if text.startswith(VAULT):
            found.notes.append(f"{path}: is vault-encrypted: opsdash reads no vaults")
            return {}
        marked = parse_marked(path, text)
    except ConfigError as error:
        found.notes.append(clean_line(str(error.faults[0])))
        return {}
    return variables(marked, marked.data, ()) if isinstance(marked.data, dict) else {}
