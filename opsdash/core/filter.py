"""The filter of the screen: ``web !staging cpu>80 why~disk /^db\\d/``.

Every word must hold. A bare word is free text: in the name, address, tags or reasons of a host (a
glob over its name where it has ``*`` or ``?``); ``a|b`` is either of two. ``/re/`` is a regular
expression over the same, ``why~text`` looks in the reasons alone. The predicates are those of a
selection, with ``=`` as good as ``:``. ``!`` before a word turns it round; quotes keep spaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from opsdash.core.errors import SelectionError
from opsdash.core.figures import FIGURES
from opsdash.core.filter_words import (
    Compile,
    Search,
    alternatives,
    between_slashes,
    turned,
    understood,
    unquoted,
)
from opsdash.core.predicates import StateTest, host_test, state_test
from opsdash.core.snapshot import HostState

_FIELD = re.compile(r"(?P<field>[a-z]+)~(?P<value>.*)", re.DOTALL)
_NAMED = re.compile(r"(?P<kind>tag|group|os|state)[=:](?P<value>.*)", re.DOTALL)
_TRIED = re.compile(r"[a-z]+(?P<sign>[<>]=?|=|:)")
_IS: dict[str, StateTest] = {
    "new": lambda state, now: any(finding.new for finding in state.findings),
    "acked": lambda state, now: any(finding.acked for finding in state.findings),
    "container": lambda state, now: bool(state.container),
    "odd": lambda state, now: bool(state.odd),
}

Words = Callable[[HostState], str]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, understood; without words it lets every host pass."""

    text: str = ""
    tests: tuple[StateTest, ...] = ()

    def matches(self, state: HostState, now: float) -> bool:
        """Whether every word holds for this host."""
        return all(test(state, now) for test in self.tests)


def parse_filter(text: str, compile_expression: Compile) -> Filter:
    """Understand a filter; FilterError says which word is wrong, where, and why."""
    tests = tuple(understood(text, lambda word: _test(word, compile_expression)))
    return Filter(" ".join(text.split()), tests)


def _test(word: str, compile_expression: Compile) -> StateTest:
    word, round_it = turned(word)
    test = _plain_test(word, compile_expression)
    return (lambda state, now: not test(state, now)) if round_it else test


def _plain_test(word: str, compile_expression: Compile) -> StateTest:
    if word.startswith("/"):
        return _searching(compile_expression(between_slashes(word)), _all_words)
    if field := _FIELD.fullmatch(word):
        return _field_test(field["field"], field["value"], compile_expression)
    if word.startswith("is:"):
        return _is_test(word[3:])
    if named := _NAMED.fullmatch(word):
        word = f"{named['kind']}:{unquoted(named['value'])}"
    if (of_host := host_test(word)) is not None:
        return lambda state, now: of_host(state.host)
    if '"' not in word and _TRIED.match(word):
        return _predicate(word)
    return _text_test(unquoted(word), _all_words)


def _predicate(word: str) -> StateTest:
    """A word that looks like a predicate must be one: as text it would silently find nothing."""
    test = state_test(word)
    if test is not None:
        return test
    name = re.split(r"[<>=]", word, maxsplit=1)[0]
    if name in FIGURES:
        raise SelectionError(f"{word!r} lacks a figure to compare with: {name}>80")
    near = get_close_matches(name, FIGURES, n=1)
    also = f": did you mean {near[0]}?" if near else f"; these can: {', '.join(FIGURES)}"
    raise SelectionError(f"{name!r} can't be compared{also}")


def _field_test(field: str, value: str, compile_expression: Compile) -> StateTest:
    looked_in: dict[str, Words] = {"why": _reasons, "name": lambda state: state.name.lower()}
    if field not in looked_in:
        raise SelectionError(f"{field}~ is not known; these are: why~ name~")
    if not value:
        raise SelectionError(f"{field}~ needs text behind it: why~disk")
    if value.startswith("/"):
        return _searching(compile_expression(between_slashes(value)), looked_in[field])
    return _text_test(unquoted(value), looked_in[field])


def _is_test(value: str) -> StateTest:
    if value not in _IS:
        raise SelectionError(f"is:{value} is not known; these are: {', '.join(_IS)}")
    return _IS[value]


def _text_test(text: str, where: Words) -> StateTest:
    parts = alternatives(text)
    if "*" not in text and "?" not in text:
        return lambda state, now: any(part in words for words in (where(state),) for part in parts)
    if where is _reasons:  # a part of a sentence, whatever stands round it
        return lambda state, now: any(fnmatchcase(where(state), f"*{glob}*") for glob in parts)
    return lambda state, now: any(fnmatchcase(state.name.lower(), glob) for glob in parts)


def _searching(search: Search, where: Words) -> StateTest:
    return lambda state, now: search(where(state))


def _reasons(state: HostState) -> str:
    """All that is wrong with a host, in lower case, in words and by its check's name; what broke
    its link too.
    """
    broken = state.link.problem.text if state.link.problem else ""
    said = (f"{finding.summary} {finding.check}" for finding in state.findings)
    return " ".join([*said, broken]).lower()


def _all_words(state: HostState) -> str:
    host = state.host
    about = (host.name, host.address or "", *sorted(host.tags), *host.groups)
    return f"{' '.join(about).lower()} {_reasons(state)}"
