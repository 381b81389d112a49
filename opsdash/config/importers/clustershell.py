"""ClusterShell's groups files: flat ones (``name: nodes``) and YAML ones of several sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsdash.config.importers.found import Found, circle, group_name, shown
from opsdash.config.importers.node_sets import MOST_NAMES, Names, expand, groups_in
from opsdash.config.importers.work import TooMuchWork, Work
from opsdash.config.marked_yaml import load_marked
from opsdash.config.source_text import is_folder, read_text, whole_file
from opsdash.core.errors import ConfigError, Fault

KIND = "clustershell"
USUAL_PATHS = (Path("/etc/clustershell/groups.d"), Path("/etc/clustershell/groups"))

_LINE = re.compile(r"([^\s:#]+)\s*:(.*)")
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class _Group:
    """A group as it is written: its node set, and where."""

    nodes: str
    place: str


Key = tuple[str, str]
"""A group's source and its name."""


def read_clustershell(path: Path) -> Found:
    """The hosts and groups of a groups file, or of a folder of them; ConfigError if it is none."""
    written: dict[Key, _Group] = {}
    found = Found(KIND, path)
    for file in _files(path):
        read = _read_yaml if file.suffix in _YAML else _read_flat
        for key, group in read(file, found).items():
            written.setdefault(key, group)
    _Nodes(written).into(found)
    return found


def _files(path: Path) -> list[Path]:
    if not is_folder(path):
        return [path]
    try:
        inside = sorted(one for one in path.iterdir() if one.suffix in (*_YAML, ".cfg"))
    except OSError as error:
        raise whole_file(path, f"can't be read: {error.strerror}") from None
    if not inside:
        raise whole_file(path, "has no groups file (*.yaml, *.cfg)")
    return inside[:1_000]


def _read_flat(path: Path, found: Found) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = {}
    for number, raw in enumerate(read_text(path, private=False).split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if re.fullmatch(r"\[\w+\]", line):
            why = "names commands that give groups: give a groups file, or use inventory_command"
            raise ConfigError([Fault(str(path), number, 1, why)])
        if (matched := _LINE.fullmatch(line)) is None:
            raise ConfigError([Fault(str(path), number, 1, "should be GROUP: NODES")])
        groups[path.stem, matched[1]] = _Group(matched[2].strip(), f"{path}:{number}")
    return groups


def _read_yaml(path: Path, found: Found) -> dict[Key, _Group]:
    marked = load_marked(path, private=False)
    if not isinstance(marked.data, dict):
        raise whole_file(path, "should be a mapping of sources with their groups")
    groups: dict[Key, _Group] = {}
    for source, content in marked.data.items():
        if not isinstance(content, dict):
            line, _ = marked.place((source,))
            found.note(f"{shown(source)} should be a mapping of groups", f"{path}:{line}")
            continue
        for name, value in content.items():
            line, _ = marked.place((source, name), key=True)
            nodes = _as_nodes(value)
            if nodes is None:
                found.note(f"{shown(name)} should be a node set", f"{path}:{line}")
            else:
                groups[source, name] = _Group(nodes, f"{path}:{line}")
    return groups


def _as_nodes(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    return value if isinstance(value, str) else None


class _Nodes:
    """Works out who is in which group, each group once: whoever it names comes before it."""

    def __init__(self, written: dict[Key, _Group]) -> None:
        self._written = written
        self._known: dict[Key, Names] = {}
        self._refused: dict[Key, str] = {}
        self._work = Work(MOST_NAMES)

    def into(self, found: Found) -> None:
        """Put all groups and their hosts into `found`; what can't be understood is noted."""
        of_name: dict[str, list[str]] = {}
        for source, name in self._written:
            of_name.setdefault(name, []).append(source)
        tried: set[str] = set()
        for key, group in self._written.items():
            source, name = key
            try:
                self._work_out(key)
            except TooMuchWork:
                raise _too_much(group) from None
            if reason := self._refused.get(key):
                found.note(f"group {shown(name)} is left out: {reason}", group.place)
                continue
            names = self._known[key]
            for host in names:
                if host not in tried:
                    tried.add(host)
                    found.add(host, {}, group.place)
            if name != "all":
                unique = len(of_name[name]) == 1
                found.join(group_name(name if unique else f"{source}.{name}"), names)

    def _work_out(self, first: Key) -> None:
        """Find out who is in a group and in all that it names, or why that can't be known."""
        way: dict[Key, Iterator[Key]] = {}
        try:
            self._follow(first, way)
        except ValueError as reason:
            # who names a group that can't be understood can't be, either: all that led there
            self._refused.update(dict.fromkeys(way, str(reason)))

    def _follow(self, first: Key, way: dict[Key, Iterator[Key]]) -> None:
        """Without recursion: a chain of groups may be as long as a file. `way` is where it is."""
        if first not in self._known and first not in self._refused:
            way[first] = self._below(first)
        while way:
            key = next(reversed(way))
            below = next((one for one in way[key] if one not in self._known), None)
            if below is None:
                self._known[key] = self._expanded(key)
                del way[key]
            elif below in self._refused:
                raise ValueError(self._refused[below])
            elif below not in self._written:
                raise ValueError(f"no group is called {shown(':'.join(below))}")
            elif below in way:
                names = [name for _, name in list(way)[list(way).index(below) :]]
                raise ValueError(f"{shown(below[1])} is in itself ({circle(names)})")
            else:
                way[below] = self._below(below)

    def _below(self, key: Key) -> Iterator[Key]:
        for name in groups_in(self._written[key].nodes, self._work):
            yield _named(key, name)

    def _expanded(self, key: Key) -> Names:
        return expand(
            self._written[key].nodes, lambda name: self._known[_named(key, name)], self._work
        )


def _named(by: Key, text: str) -> Key:
    """The group that another calls ``group`` (of its own source) or ``source:group``."""
    source, colon, name = text.rpartition(":")
    return source if colon else by[0], name


def _too_much(group: _Group) -> ConfigError:
    file, _, line = group.place.rpartition(":")
    why = f"with this group all groups together mean more than {MOST_NAMES:,} names"
    return ConfigError([Fault(file, int(line), 1, f"{why}: import it in parts")])
