"""The kinds of messages that a fleet's logs are made of: since when, how many, where, and which are
new, that is, have never been seen in this fleet before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opsdash.core.log_filter import Line
from opsdash.core.log_pattern import Patterns
from opsdash.core.priority import INFO, WARNING

MOST = 20_000
"""Kinds that are told apart; what comes later is counted as one."""

OTHERS = "(other messages)"

Key = tuple[str, str]
"""A program, and the pattern of what it said."""


@dataclass(slots=True)
class Kind:
    """One kind of message: its program and pattern, when it came first and last (s since 1970,
    None: its lines have no time), from which hosts, how often, how bad at worst, and its last line.
    `new` says that it was never seen before these lines; `kept` are in the store already.
    """

    program: str
    pattern: str
    line: Line
    first_s: float | None = None
    last_s: float | None = None
    count: int = 0
    priority: int = INFO
    new: bool = False
    hosts: set[str] = field(default_factory=set)
    kept: int = 0

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return (self.program, self.pattern)

    def take(self, line: Line) -> None:
        """One more of its kind."""
        self.count += 1
        self.hosts.add(line.host)
        self.line = line
        if line.priority is not None and line.priority < self.priority:
            self.priority = line.priority
        if (at_s := line.at_s) is not None:
            self.first_s = at_s if self.first_s is None else min(at_s, self.first_s)
            self.last_s = at_s if self.last_s is None else max(at_s, self.last_s)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of a kind: when it came first and last, seconds since 1970 by its host's clock
    (None: its lines have no time), and how many of it have come.
    """

    key: Key
    first_s: float | None
    last_s: float | None
    count: int


class Kinds:
    """Sorts lines by what they say. `known` are the kinds that were seen before, and `since_s` is
    since when lines are remembered at all (None: from now on): what is older, and not known, is
    only unknown, not new.
    """

    def __init__(self, known: Iterable[Key] = (), since_s: float | None = None) -> None:
        self._known = set(known)
        self._since_s = since_s
        self._patterns = Patterns()
        self._kinds: dict[Key, Kind] = {}
        self._fresh: dict[Key, Kind] = {}

    def add(self, line: Line) -> Kind:
        """Count a line; gives its kind."""
        key = (line.program, self._patterns.of(line.text))
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._begun(key, line)
        kind.take(line)
        self._fresh[kind.key] = kind
        return kind

    def is_new(self, line: Line) -> bool:
        """Whether a line that was counted is of a kind that was never seen before."""
        kind = self._kinds.get((line.program, self._patterns.of(line.text)))
        return kind is not None and kind.new

    def _begun(self, key: Key, line: Line) -> Kind:
        if len(self._kinds) >= MOST:
            key = ("", OTHERS)
            if key in self._kinds:
                return self._kinds[key]
        new = key not in self._known and key[1] != OTHERS and self._is_remembered(line)
        kind = self._kinds[key] = Kind(*key, line, new=new)
        return kind

    def _is_remembered(self, line: Line) -> bool:
        """Whether a kind that had come before this line would be known."""
        return self._since_s is not None and (line.at_s is None or line.at_s >= self._since_s)

    def all(self) -> Mapping[Key, Kind]:
        """All kinds."""
        return self._kinds

    def ranked(self) -> list[Kind]:
        """New ones first, then by how bad they are, then the most frequent."""
        return sorted(
            self._kinds.values(),
            key=lambda kind: (not kind.new, min(kind.priority, WARNING + 1), -kind.count),
        )

    def to_keep(self) -> list[Seen]:
        """Those of which lines have come since the last call, and how many, for the store."""
        found = []
        for kind in self._fresh.values():
            if kind.pattern != OTHERS:
                found.append(Seen(kind.key, kind.first_s, kind.last_s, kind.count - kind.kept))
                kind.kept = kind.count
        self._fresh.clear()
        return found
