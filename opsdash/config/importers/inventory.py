"""An Ansible inventory: groups, their hosts and variables, and which variable wins for a host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PASSWORDS = frozenset({
    "ansible_password", "ansible_ssh_pass", "ansible_become_password", "ansible_become_pass",
    "ansible_sudo_pass", "ansible_ssh_password",
})  # fmt: skip
USED = frozenset({
    "ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port", "ansible_user",
    "ansible_ssh_user", "ansible_ssh_private_key_file", "ansible_private_key_file",
    "ansible_connection", "ansible_become", "ansible_become_method", "ansible_become_user",
    "ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args",
    "ansible_group_priority", *PASSWORDS,
})  # fmt: skip
"""The variables that say how a host is reached; all others are nothing to opsdash."""


class Var(NamedTuple):
    """A variable's value and where it stands; `vaulted`: encrypted, so the value is not known."""

    value: Any
    place: str
    vaulted: bool = False


Vars = dict[str, Var]


@dataclass(slots=True)
class Group:
    """What stands in one group; `file_vars` are those of group_vars, which win over `vars`."""

    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    vars: Vars = field(default_factory=dict)
    file_vars: Vars = field(default_factory=dict)


@dataclass(slots=True)
class Inventory:
    """All groups by name; a host's own variables likewise in two layers; `places` of the hosts."""

    groups: dict[str, Group] = field(default_factory=dict)
    host_vars: dict[str, Vars] = field(default_factory=dict)
    host_file_vars: dict[str, Vars] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def group(self, name: str) -> Group:
        """A group, made if it is not there yet."""
        return self.groups.setdefault(name, Group())

    def host(self, name: str, group: str, place: str) -> None:
        """Note that a host stands in a group."""
        self.group(group).hosts[name] = None
        self.places.setdefault(name, place)

    def members(self) -> dict[str, list[str]]:
        """The hosts of every group but ``all`` and ``ungrouped``, with those of its children."""
        found: dict[str, list[str]] = {}
        for name in self.groups:
            if name not in ("all", "ungrouped"):
                below = (self.groups[one].hosts for one in self._below(name) if one in self.groups)
                found[name] = list(dict.fromkeys(host for hosts in below for host in hosts))
        return found

    def _below(self, name: str) -> list[str]:
        """A group and its children, in order, each once: circles end by themselves."""
        found: dict[str, None] = {name: None}
        waiting = [name]
        while waiting:
            group = self.groups.get(waiting.pop(0))
            fresh = [child for child in (group.children if group else ()) if child not in found]
            found.update(dict.fromkeys(fresh))
            waiting += fresh
        return list(found)

    def variables(self) -> Iterator[tuple[str, Vars]]:
        """Every host with the variables that hold for it, in the inventory's order.

        The order is Ansible's: all, parents, children (siblings by priority and name), first as the
        inventory has them, then as group_vars has them; then the host's own, then host_vars.
        """
        rank = self._ranks()
        above: dict[str, list[str]] = {name: [] for name in self.places}
        for name in sorted(self.groups, key=lambda one: rank[one]):
            below = [self.groups[one].hosts for one in self._below(name) if one in self.groups]
            for host in {host: None for hosts in below for host in hosts}:
                if name != "all":
                    above[host].append(name)
        everything = self.groups.get("all", Group())
        for host, names in above.items():
            groups = [self.groups[name] for name in names]
            own: Vars = {**everything.vars}
            for group in groups:
                own.update(group.vars)
            own.update(everything.file_vars)
            for group in groups:
                own.update(group.file_vars)
            own.update(self.host_vars.get(host, {}))
            own.update(self.host_file_vars.get(host, {}))
            yield host, own

    def _ranks(self) -> dict[str, tuple[int, int, str]]:
        """What groups are sorted by: how deep they are, ansible_group_priority, name."""
        depth = dict.fromkeys(self.groups, 0)
        for _ in range(len(self.groups)):  # longest way from the top; a circle stops growing here
            before = dict(depth)
            for name, group in self.groups.items():
                for child in group.children if name != "all" else ():
                    if child in depth:
                        depth[child] = min(max(depth[child], depth[name] + 1), len(self.groups))
            if depth == before:
                break
        return {name: (depth[name], _priority(group), name) for name, group in self.groups.items()}


def _priority(group: Group) -> int:
    text = str(group.vars.get("ansible_group_priority", Var("1", "")).value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def from_list_form(data: Mapping[str, Any], place: str) -> Inventory:
    """An inventory in the form that ``ansible-inventory --list`` and inventory scripts print."""
    found = Inventory()
    meta = data.get("_meta")
    hostvars = meta.get("hostvars") if isinstance(meta, dict) else None
    for name, content in data.items():
        if name == "_meta":
            continue
        body = {"hosts": content} if isinstance(content, list) else content
        if not isinstance(body, dict):
            found.notes.append(f"{place}: group {name!r}: should be a mapping or a list of hosts")
            continue
        group = found.group(str(name))
        for host in _words(body.get("hosts")):
            found.host(host, str(name), place)
        group.children.update(dict.fromkeys(_words(body.get("children"))))
        group.vars.update(_vars(body.get("vars"), place))
    for host, own in hostvars.items() if isinstance(hostvars, dict) else ():
        if host not in found.places:
            found.host(str(host), "ungrouped", place)
        found.host_vars[str(host)] = _vars(own, place)
    return found


def _words(value: Any) -> list[str]:
    """The names in a list, or the keys of a mapping."""
    return [str(one) for one in value if isinstance(one, str | int)] if _is_many(value) else []


def _is_many(value: Any) -> bool:
    return isinstance(value, list | dict)


def _vars(value: Any, place: str) -> Vars:
    found: Vars = {}
    for key, content in value.items() if isinstance(value, dict) else ():
        if key in USED:
            wrapped = content if isinstance(content, dict) else {}
            plain = wrapped.get("__ansible_unsafe", content)
            found[key] = Var(plain, place, vaulted="__ansible_vault" in wrapped)
    return found
