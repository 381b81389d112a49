"""Watch rules: which lines of a host's log mean that something is wrong, and from how many on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from opsdash.core.errors import Fault
from opsdash.core.health import Health
from opsdash.core.text import count

MOST_LINES = 30
"""So many lines of a rule can be told apart by their times; more are "30 or more"."""

LONGEST_S = 3600.0
"""The log of so long is looked at."""


class LogPlace(StrEnum):
    """Where a rule looks for its lines."""

    ANY = "any"
    KERNEL = "kernel"
    PROGRAM = "program"
    UNIT = "unit"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class LogWhere:
    """A part of a host's log; `name` is that of the program or the unit, or the file's path."""

    place: LogPlace
    name: str = ""

    def __str__(self) -> str:
        """As it is written in a rule."""
        return f"unit:{self.name}" if self.place is LogPlace.UNIT else self.name or self.place


@dataclass(frozen=True, slots=True)
class WatchedLine:
    """A line of a log as a rule sees it: cleaned text, who wrote it, and in what it was found
    (the host's own log, whatever that is, has no name).
    """

    text: str
    program: str = ""
    found_in: LogWhere | None = None


@dataclass(frozen=True, slots=True)
class WatchRule:
    """Lines that mean something when `count` of them come `within_s` seconds.

    `pattern` is a regular expression that `matches` searches for in the text of a line, but not
    in lines in which `unless` does. Each line that is meant holds one of `words`, if there are any:
    hosts tell no others. `known_by` are checks that tell of the same, and metrics that are above 0
    where one does. `place` says where it was written down: a file and a line.
    """

    name: str
    title: str
    pattern: str
    sources: tuple[LogWhere, ...]
    health: Health
    count: int = 1
    within_s: float = LONGEST_S
    unless: str = ""
    words: tuple[str, ...] = ()
    advice: str = ""
    known_by: tuple[str, ...] = ()
    place: str = ""
    matches: Callable[[str], bool] = field(default=lambda text: False, compare=False, repr=False)

    @property
    def within(self) -> str:
        """Its time in words: ``10m``."""
        for unit_s, unit in ((3600, "h"), (60, "m")):
            if self.within_s % unit_s == 0:
                return f"{self.within_s / unit_s:.0f}{unit}"
        return f"{self.within_s:g}s"

    def means(self, line: WatchedLine) -> bool:
        """Whether this line is one of those."""
        return self.looks_at(line) and self.fits(line.text)

    def looks_at(self, line: WatchedLine) -> bool:
        """Whether it is of one of its sources, whatever it says."""
        return any(_holds(where, line) for where in self.sources)

    def fits(self, text: str) -> bool:
        """Whether a line of one of its sources says it."""
        if self.words and not any(word in text for word in self.words):
            return False
        return self.matches(text)


def _holds(where: LogWhere, line: WatchedLine) -> bool:
    if where.place in (LogPlace.UNIT, LogPlace.FILE):
        return line.found_in == where
    if line.found_in is not None:
        return False
    if where.place is LogPlace.ANY:
        return True
    return line.program == (where.name or "kernel")


@dataclass(frozen=True, slots=True)
class WatchRules:
    """The rules of a fleet by their name. `off` names those that are switched off, `elsewhere`
    says by host which do not hold for it, `hosts` by rule for which hosts it was written. `faults`
    are of rules that were left out.
    """

    rules: Mapping[str, WatchRule] = field(default_factory=lambda: MappingProxyType({}))
    off: tuple[str, ...] = ()
    elsewhere: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    hosts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    faults: tuple[Fault, ...] = ()

    @property
    def notice(self) -> str:
        """One line about what is wrong; empty: nothing is."""
        if not self.faults:
            return ""
        return f"watch rules: {count(len(self.faults), 'fault')}: opsdash watch-rules"

    def of(self, host: str) -> tuple[WatchRule, ...]:
        """Those that hold for this host."""
        not_here = self.elsewhere.get(host)
        if not not_here:
            return tuple(self.rules.values())
        return tuple(rule for name, rule in self.rules.items() if name not in not_here)


NO_RULES = WatchRules()


@dataclass(frozen=True, slots=True)
class LineKind:
    """Lines that differ by their numbers alone: the last of them, how many, and when the latest
    of them were written, in seconds since 1970, the newest first.
    """

    last: WatchedLine
    count: int
    times_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """How many lines of a rule there are within its time (with `more`: at least so many), when the
    last and the first of these were written, and the last of them.
    """

    rule: WatchRule
    count: int
    more: bool
    last_s: float
    first_s: float
    line: WatchedLine


MOST_KNOWN = 5_000
"""So many lines, and programs, are remembered with what they mean: from minute to minute, and from
host to host, most are the same.
"""


class Watching:
    """Some rules, held against lines of logs."""

    def __init__(self, rules: Iterable[WatchRule]) -> None:
        self._rules = tuple(rules)
        self._looking: dict[tuple[str, LogWhere | None], tuple[WatchRule, ...]] = {}
        self._meaning: dict[WatchedLine, tuple[WatchRule, ...]] = {}

    def meaning(self, line: WatchedLine) -> tuple[WatchRule, ...]:
        """The rules that mean this line."""
        known = self._meaning.get(line)
        if known is None:
            if len(self._meaning) >= MOST_KNOWN:
                self._meaning.clear()
            found = (rule for rule in self._looking_at(line) if rule.fits(line.text))
            known = self._meaning[line] = tuple(found)
        return known

    def _looking_at(self, line: WatchedLine) -> tuple[WatchRule, ...]:
        key = (line.program, line.found_in)
        known = self._looking.get(key)
        if known is None:
            if len(self._looking) >= MOST_KNOWN:
                self._looking.clear()
            known = self._looking[key] = tuple(one for one in self._rules if one.looks_at(line))
        return known

    def seen(self, kinds: Iterable[LineKind], now_s: float) -> list[Seen]:
        """What the rules find among these lines, at this time of the host's clock: of each rule
        that means some of them, also where they are too few to be a finding.
        """
        meant: dict[str, list[LineKind]] = {}
        for kind in kinds:
            for rule in self.meaning(kind.last) if kind.times_s else ():
                if kind.times_s[0] >= now_s - rule.within_s:
                    meant.setdefault(rule.name, []).append(kind)
        return [_seen(rule, meant[rule.name], now_s) for rule in self._rules if rule.name in meant]


def _seen(rule: WatchRule, kinds: Sequence[LineKind], now_s: float) -> Seen:
    """What is there of a rule: the latest of these kinds are within its time."""
    since_s = now_s - rule.within_s
    times_s = sorted(at_s for kind in kinds for at_s in kind.times_s if at_s >= since_s)
    # a kind whose oldest known time is recent may have more of them than are known
    more = any(kind.count > len(kind.times_s) and kind.times_s[-1] >= since_s for kind in kinds)
    last = max(kinds, key=lambda kind: kind.times_s[0]).last
    return Seen(rule, len(times_s), more, times_s[-1], times_s[0], last)
