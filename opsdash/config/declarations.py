"""Who is declared where: hosts, groups, and who belongs to which group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from opsdash.config.hosts_files import Book, HostsFile
from opsdash.config.hosts_schema import HostForm, Settings
from opsdash.config.importers.imported import command_again
from opsdash.config.marked_yaml import Where
from opsdash.config.ranges import MAX_HOSTS, names_of
from opsdash.core.text import count, did_you_mean


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in a file where fields of hosts can stand: defaults, a group, a host or a range."""

    file: HostsFile
    where: Where
    form: Settings
    names: tuple[str, ...] = ()

    def blame(self, text: str, *below: str | int, key: bool = False) -> None:
        """Note a fault of this place, or of a field in it."""
        self.file.marked.blame((*self.where, *below), text, key=key)

    @property
    def place(self) -> str:
        """The file and line, for the words of another place's fault."""
        line, _ = self.file.marked.place(self.where, key=True)
        return f"{self.file.marked.path}:{line}" if line else str(self.file.marked.path)


@dataclass(slots=True)
class Declarations:
    """Everything that the files declare, by name; `members` holds the hosts of each group.

    `beyond` are the places whose hosts would be more than a fleet may have.
    """

    defaults: list[Scope] = field(default_factory=list)
    groups: dict[str, Scope] = field(default_factory=dict)
    hosts: dict[str, Scope] = field(default_factory=dict)
    members: dict[str, dict[str, None]] = field(default_factory=dict)
    beyond: list[Scope] = field(default_factory=list)
    _again: dict[Path, str] = field(default_factory=dict)

    def command_again(self, scope: Scope) -> str:
        """The command that makes a scope's file anew, if it is an import; else empty."""
        path = scope.file.marked.path
        if path not in self._again:  # a whole fleet may stand in two files
            self._again[path] = command_again(path)
        return self._again[path]

    def host_scopes(self) -> list[Scope]:
        """Every place that declares hosts, once, though a range has many."""
        return list({id(scope): scope for scope in self.hosts.values()}.values())

    def scopes(self) -> list[Scope]:
        """Every place with fields of hosts."""
        return [*self.defaults, *self.groups.values(), *self.host_scopes()]

    def groups_of(self) -> dict[str, list[str]]:
        """The groups of each host, in the order in which the groups are declared."""
        found: dict[str, list[str]] = {name: [] for name in self.hosts}
        for group in self.groups:
            for name in self.members.get(group, {}):
                found[name].append(group)
        return found


def declarations(book: Book) -> Declarations:
    """Collect what all files declare; what clashes becomes a fault of its file."""
    found = Declarations()
    for file in book.files:
        if "defaults" in file.form.model_fields_set:
            found.defaults.append(Scope(file, ("defaults",), file.form.defaults))
        for scope in _in_order(_hosts(file)):
            _declare(found, scope)
    for file in sorted(book.files, key=lambda file: file.is_list):
        for name, group in (file.form.groups or {}).items():
            _declare_group(found, Scope(file, ("groups", name), group), name)
    for file in book.files:
        _join_members(found, file)
    _blame_beyond(found)
    _join_own_groups(found, complete=book.complete)
    _note_empty_groups(found, book)
    found.hosts = _in_file_order(found, book)
    return found


def _in_order(scopes: Iterable[Scope]) -> list[Scope]:
    return sorted(scopes, key=lambda scope: scope.file.marked.place(scope.where, key=True))


def _hosts(file: HostsFile) -> Iterator[Scope]:
    """Hosts that are declared as such: under hosts:, or with fields in a group's list."""
    for text, form in (file.form.hosts or {}).items():
        yield Scope(file, ("hosts", text), form, names_of(text))
    for _, scope in _members(file):
        if scope.form.model_fields_set != {"name"}:
            yield scope


def _members(file: HostsFile) -> Iterator[tuple[str, Scope]]:
    for name, group in (file.form.groups or {}).items():
        for position, member in enumerate(group.hosts or ()):
            where = ("groups", name, "hosts", position)
            yield name, Scope(file, where, member, names_of(member.name))


def _declare(found: Declarations, scope: Scope) -> None:
    known = [name for name in scope.names if name in found.hosts]
    if known:
        first = found.hosts[known[0]]
        more = f" and {len(known) - 1} more" if len(known) > 1 else ""
        _blame_twice(found, first, scope, f"{known[0]}{more}")
    fresh = [name for name in scope.names if name not in found.hosts]
    if len(found.hosts) + len(fresh) > MAX_HOSTS:
        found.beyond.append(scope)
        scope.file.marked.names_lost = True
        return
    found.hosts.update(dict.fromkeys(fresh, scope))


def _blame_beyond(found: Declarations) -> None:
    """One fault for all hosts that are too many: the same line 1,000 times mends nothing."""
    if found.beyond:
        places = len(found.beyond) - 1
        more = f", from here on ({count(places, 'more entry', 'more entries')})" if places else ""
        found.beyond[0].blame(f"the fleet has more than {MAX_HOSTS:,} hosts{more}", key=True)


def _blame_twice(found: Declarations, first: Scope, second: Scope, names: str) -> None:
    """Of an import and a file that was written by hand, the latter is what can be mended."""
    own, other = (second, first) if found.command_again(first) else (first, second)
    again = found.command_again(other)
    if again and not found.command_again(own):
        text = (
            f"{names} imported, too ({other.place}); to leave out there what you declare: {again}"
        )
        own.blame(text, key=True)
    else:
        second.blame(f"{names} declared twice (first in {first.place})", key=True)


def _declare_group(found: Declarations, scope: Scope, name: str) -> None:
    if name in found.groups and scope.file.is_list and scope.form.model_fields_set <= {"hosts"}:
        return  # its hosts join the group that a file of the user's describes
    if name in found.groups:
        first = found.groups[name].place
        text = f"group declared twice (first in {first}): join it by groups: [{name}] on the host"
        scope.blame(text, key=True)
        return
    found.groups[name] = scope


def _join_members(found: Declarations, file: HostsFile) -> None:
    """A name in a group's list joins the group; one that stands nowhere else is a host, too."""
    for group, scope in _members(file):
        if any(name not in found.hosts for name in scope.names):
            fresh = tuple(name for name in scope.names if name not in found.hosts)
            _declare(found, Scope(scope.file, scope.where, scope.form, fresh))
        found.members.setdefault(group, {}).update(
            dict.fromkeys(name for name in scope.names if name in found.hosts)
        )


def _join_own_groups(found: Declarations, *, complete: bool) -> None:
    for scope in found.host_scopes():
        own = scope.form.groups if isinstance(scope.form, HostForm) else None
        for position, group in enumerate(own or ()):
            if group in found.groups:
                mine = (name for name in scope.names if found.hosts.get(name) is scope)
                found.members.setdefault(group, {}).update(dict.fromkeys(mine))
            elif complete:
                near = did_you_mean(group, found.groups)
                scope.blame(f"no group is called {group}{near}", "groups", position)


def _note_empty_groups(found: Declarations, book: Book) -> None:
    for name, scope in found.groups.items():
        if not found.members.get(name):
            book.notices.append(f"{scope.place}: group {name} has no hosts")


def _in_file_order(found: Declarations, book: Book) -> dict[str, Scope]:
    position = {id(file): index for index, file in enumerate(book.files)}
    place = {
        id(scope): (position[id(scope.file)], scope.file.marked.place(scope.where, key=True))
        for scope in found.host_scopes()
    }
    return dict(sorted(found.hosts.items(), key=lambda item: place[id(item[1])]))
