"""An Ansible inventory: groups, their hosts and variables, and which variable wins for a host."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opsdash.config.importers.found import circle, shown
from opsdash.config.importers.work import Work

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

MOST_NAMES = 5_000_000
"""Names that all groups may take to work out: 10,000 hosts in 250 groups each, looked at twice."""

_OF_A_GROUP = 10
"""A group costs as much as so many names."""


class Var(NamedTuple):
    """A variable's value and where it stands; `vaulted`: encrypted, so the value is not known."""

    value: Any
    place: str
    vaulted: bool = False


Vars = dict[str, Var]


@dataclass(slots=True)
class Group:
    """What stands in one group: its `children` with the place of each.

    `file_vars` are those of group_vars, which win over `vars`.
    """

    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)
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
    work: Work = field(default_factory=lambda: Work(MOST_NAMES))

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
                below = self._below(name)
                found[name] = list(dict.fromkeys(host for one in below for host in one.hosts))
        return found

    def _below(self, name: str) -> list[Group]:
        """A group and its children, in order, each once: circles end by themselves."""
        names = {name: None}
        found: list[Group] = []
        waiting = deque([name])
        while waiting:
            group = self.groups.get(waiting.popleft())
            if group is not None:
                found.append(group)
                self.work.spend(_OF_A_GROUP + len(group.hosts))
                fresh = [child for child in group.children if child not in names]
                names.update(dict.fromkeys(fresh))
                waiting += fresh
        return found

    def circles(self) -> Iterator[str]:
        """A sentence for each child that leads round to a group above it, which Ansible refuses."""
        done: set[str] = set()
        for first in self.groups:
            way = {first: self._children(first)} if first not in done else {}
            while way:
                name = next(reversed(way))
                child = next((one for one in way[name] if one not in done), None)
                if child is None:
                    done.add(name)
                    del way[name]
                elif child in way:
                    names = list(way)[list(way).index(child) :]
                    place = self.groups[name].children[child]
                    yield f"{place}: group {shown(child)} is in itself ({circle(names)})"
                else:
                    way[child] = self._children(child)

    def _children(self, name: str) -> Iterator[str]:
        return iter(self.groups[name].children if name in self.groups else ())

    def variables(self) -> Iterator[tuple[str, Vars]]:
        """Every host with the variables that hold for it, in the inventory's order.

        The order is Ansible's: all, parents, children (siblings by priority and name), first as the
        inventory has them, then as group_vars has them; then the host's own, then host_vars.
        """
        rank = self._ranks()
        above: dict[str, list[str]] = {name: [] for name in self.places}
        for name in sorted(self.groups, key=lambda one: rank[one]):
            for host in {host: None for one in self._below(name) for host in one.hosts}:
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
        """What groups are sorted by: how deep they are, ansible_group_priority, name.

        Deep is the longest way from the top; in a circle and behind one it has no end.
        """
        above = dict.fromkeys(self.groups, 0)
        for name in self.groups:
            for child in self._counted(name):
                above[child] += 1
        depth = {name: 0 for name, parents in above.items() if not parents}
        ready = list(depth)
        for name in ready:  # grows on the way
            for child in self._counted(name):
                depth[child] = max(depth.get(child, 0), depth[name] + 1)
                above[child] -= 1
                if not above[child]:
                    ready.append(child)
        endless = len(self.groups)
        return {
            name: (endless if above[name] else depth[name], _priority(group), name)
            for name, group in self.groups.items()
        }

    def _counted(self, name: str) -> Iterator[str]:
        """The children that are deeper than a group: of ``all`` everything is one anyway."""
        children = self.groups[name].children if name != "all" else ()
        return (child for child in children if child in self.groups)


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
        group.children.update(dict.fromkeys(_words(body.get("children")), place))
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
