"""The filter of log lines: ``bind|flood !debug host:web* unit:nginx prio>=err since:-2h /^oom/``.

Every word must hold. A bare word is text anywhere in the message or in its program's name; ``a|b``
is either of two, ``/re/`` a regular expression. ``host:``, ``unit:`` and ``prog:`` take globs,
``prio>=err`` is err and worse, ``since:`` and ``until:`` a moment. ``!`` turns a word round;
quotes keep spaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Protocol

from opsdash.core.errors import SelectionError
from opsdash.core.filter_words import (
    Compile,
    alternatives,
    between_slashes,
    turned,
    understood,
    unquoted,
)
from opsdash.core.moment import moment_of
from opsdash.core.priority import priority_of


class Line(Protocol):
    """What a filter looks at of a log line."""

    @property
    def at_s(self) -> float | None:
        """When it was written, by the host's clock, in seconds since 1970; None: unknown."""
        ...

    @property
    def host(self) -> str:
        """Whose it is."""
        ...

    @property
    def unit(self) -> str:
        """The unit that wrote it; empty: none is known."""
        ...

    @property
    def program(self) -> str:
        """The program that wrote it."""
        ...

    @property
    def priority(self) -> int | None:
        """How bad it is, 0 the worst; None: it does not say."""
        ...

    @property
    def text(self) -> str:
        """What it says, cleaned."""
        ...


MOST_NAMES = 10_000
"""Names that a filter remembers: a host that makes up units must not grow it for ever."""

LineTest = Callable[[Line], bool]

_FIELD = re.compile(r"(?P<name>[a-z]+):(?P<value>.*)", re.DOTALL)
_PRIORITY = re.compile(r"prio(?:rity)?(?P<sign>>=|<=|>|<|=|:)(?P<value>\w*)")
_WORSE: dict[str, Callable[[int, int], bool]] = {
    ">=": lambda one, limit: one <= limit,
    ":": lambda one, limit: one <= limit,
    ">": lambda one, limit: one < limit,
    "<=": lambda one, limit: one >= limit,
    "<": lambda one, limit: one > limit,
    "=": lambda one, limit: one == limit,
}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter, understood; without words it lets every line pass.

    `needles` are words of text, in lower case, of which each line that passes has one of each
    group: whoever has many lines may look for them first, in all at once.
    """

    text: str = ""
    tests: tuple[LineTest, ...] = ()
    needles: tuple[tuple[str, ...], ...] = ()

    def matches(self, line: Line) -> bool:
        """Whether every word holds for this line."""
        return all(test(line) for test in self.tests)


@dataclass(frozen=True, slots=True)
class _Word:
    test: LineTest
    needles: tuple[str, ...] = ()


def parse_log_filter(text: str, compile_expression: Compile, now: float) -> LogFilter:
    """Understand a filter; FilterError says which word is wrong, where, and why. `now` is what
    ``since:-2h`` counts from, in seconds since 1970.
    """
    words = tuple(understood(text, lambda word: _word(word, compile_expression, now)))
    needles = tuple(word.needles for word in words if word.needles)
    return LogFilter(" ".join(text.split()), tuple(word.test for word in words), needles)


def _word(word: str, compile_expression: Compile, now: float) -> _Word:
    word, round_it = turned(word)
    found = _plain(word, compile_expression, now)
    if not round_it:
        return found
    test = found.test
    return _Word(lambda line: not test(line))


def _plain(word: str, compile_expression: Compile, now: float) -> _Word:
    if word.startswith("/"):
        search = compile_expression(between_slashes(word))
        return _Word(lambda line: search(line.text) or search(line.program))
    if priority := _PRIORITY.fullmatch(word):
        return _Word(_priority_test(priority["sign"], priority["value"]))
    field = _FIELD.fullmatch(word)
    if field and field["name"] in _FIELDS:
        return _Word(_FIELDS[field["name"]](unquoted(field["value"])))
    if field and field["name"] in ("since", "until"):
        return _Word(_moment_test(field["name"], unquoted(field["value"]), now))
    if field and (near := get_close_matches(field["name"], _NAMED, n=1, cutoff=0.75)):
        raise SelectionError(
            f'{field["name"]}: is not known: did you mean {near[0]}:? As text: "{word}"'
        )
    parts = tuple(alternatives(unquoted(word)))
    return _Word(lambda line: _has(line, parts), parts)


def _has(line: Line, parts: Iterable[str]) -> bool:
    text, program = line.text.lower(), line.program.lower()
    return any(part in text or part in program for part in parts)


def _priority_test(sign: str, value: str) -> LineTest:
    try:
        limit = priority_of(value)
    except ValueError as error:
        raise SelectionError(str(error)) from None
    holds = _WORSE[sign]
    return lambda line: line.priority is not None and holds(line.priority, limit)


def _moment_test(name: str, value: str, now: float) -> LineTest:
    try:
        moment = moment_of(value, now)
    except ValueError as error:
        raise SelectionError(f"{name}: {error}") from None
    if name == "since":
        return lambda line: line.at_s is not None and line.at_s >= moment
    return lambda line: line.at_s is not None and line.at_s <= moment


def _globs(field: str, value: str) -> list[str]:
    globs = [part for part in value.lower().split("|") if part]
    if not globs:
        raise SelectionError(f"{field}: needs a name behind it: {field}:web*")
    return globs


class _Fits(dict[str, bool]):
    """Whether names fit one of some globs; each name is looked at once."""

    def __init__(self, globs: list[str]) -> None:
        super().__init__()
        self._globs = globs

    def __missing__(self, name: str) -> bool:
        if len(self) >= MOST_NAMES:
            self.clear()
        lowered = name.lower()
        fits = self[name] = any(fnmatchcase(lowered, glob) for glob in self._globs)
        return fits


def _host_test(value: str) -> LineTest:
    fits = _Fits(_globs("host", value))
    return lambda line: fits[line.host]


def _unit_test(value: str) -> LineTest:
    globs = _globs("unit", value)
    fits = _Fits(globs + [f"{glob}.service" for glob in globs if "." not in glob])
    return lambda line: fits[line.unit]


def _program_test(value: str) -> LineTest:
    fits = _Fits(_globs("prog", value))
    return lambda line: fits[line.program]


_FIELDS: dict[str, Callable[[str], LineTest]] = {
    "host": _host_test,
    "unit": _unit_test,
    "prog": _program_test,
}
_NAMED = (*_FIELDS, "since", "until", "prio")
