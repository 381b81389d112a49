"""SELECT: which hosts a command means.

``web* db1 tag:prod !db3``: names and globs are OR-ed, predicates AND-ed, ``!`` excludes. A bare
word is a glob over host names, never free text. ``all`` says all; nothing says nothing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from opsdash.core.errors import SelectionError
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.snapshot import HostState

_COMPARISON = re.compile(
    r"(?P<name>[a-z]+)(?P<sign>>=|<=|>|<|=)(?P<figure>\d+(?:\.\d+)?)(?P<unit>%|s|m|h|d)?"
)
_NAME = re.compile(r"(?!!)[\w.*?\[\]!:@-]+", re.ASCII)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIMES = ("up", "age")
_STATES = {health.name.lower(): health for health in Health}

Test = Callable[[HostState, float], bool]


def _ratio(metric: str) -> Callable[[HostState, float], float | None]:
    def figure(state: HostState, now: float) -> float | None:
        value = state.value(metric)
        return None if value is None else value * 100

    return figure


def _fullest(state: HostState, now: float) -> float | None:
    ratios = state.labelled("filesystem.used_ratio").values()
    return max(ratios) * 100 if ratios else None


FIGURES: dict[str, Callable[[HostState, float], float | None]] = {
    "cpu": _ratio("cpu.busy_ratio"),
    "mem": _ratio("memory.used_ratio"),
    "swap": _ratio("memory.swap_used_ratio"),
    "disk": _fullest,
    "load": lambda state, now: state.value("load.one"),
    "up": lambda state, now: state.value("uptime.up_s"),
    "age": lambda state, now: state.age_s(now),
}
"""What can be compared: percent for ratios, seconds for times. Unknown never matches."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A SELECT, understood. `needs_state` says whether names and tags alone can't decide it."""

    text: str
    globs: tuple[str, ...]
    excluded: tuple[str, ...]
    host_tests: tuple[Callable[[Host], bool], ...]
    state_tests: tuple[Test, ...]

    @property
    def needs_state(self) -> bool:
        """Whether hosts must be asked before the selection is known."""
        return bool(self.state_tests)

    def names(self, host: Host) -> bool:
        """Whether name, tags and groups of this host fit."""
        if any(fnmatchcase(host.name, glob) for glob in self.excluded):
            return False
        if self.globs and not any(fnmatchcase(host.name, glob) for glob in self.globs):
            return False
        return all(test(host) for test in self.host_tests)

    def matches(self, state: HostState, now: float) -> bool:
        """Whether the host fits in full, its state included."""
        return self.names(state.host) and all(test(state, now) for test in self.state_tests)


def select_hosts(selection: Selection, hosts: Mapping[str, Host]) -> dict[str, Host]:
    """The hosts that a selection names, before any is asked; an empty answer is an error.

    So is a name that no host has, an excluded one too: it may be the misspelt one to be spared.
    """
    for glob in (*selection.globs, *selection.excluded):
        if not any(fnmatchcase(name, glob) for name in hosts):
            near = get_close_matches(glob, list(hosts), n=1)
            also = f": did you mean {near[0]}?" if near else ""
            raise SelectionError(f"no host is called {glob!r}{also}")
    chosen = {name: host for name, host in hosts.items() if selection.names(host)}
    if not chosen:
        raise SelectionError(f"no host fits {selection.text!r}")
    return chosen


def parse_selection(words: Iterable[str]) -> Selection:
    """Understand a SELECT; SelectionError says which word is wrong and what it could have been."""
    words = [part for word in words for part in word.split()]
    if not words:
        raise SelectionError("nothing is selected: name hosts, or say all")
    globs: list[str] = []
    excluded: list[str] = []
    host_tests: list[Callable[[Host], bool]] = []
    state_tests: list[Test] = []
    everything = False
    for word in words:
        if word == "all":
            everything = True
        elif word.startswith("!"):
            _exclude(word[1:], excluded, host_tests, state_tests)
        elif (host_test := _host_test(word)) is not None:
            host_tests.append(host_test)
        elif (state_test := _state_test(word)) is not None:
            state_tests.append(state_test)
        else:
            globs.append(_glob(word))
    return Selection(
        " ".join(words),
        () if everything else tuple(globs),
        tuple(excluded),
        tuple(host_tests),
        tuple(state_tests),
    )


def _exclude(
    word: str,
    excluded: list[str],
    host_tests: list[Callable[[Host], bool]],
    state_tests: list[Test],
) -> None:
    if (host_test := _host_test(word)) is not None:
        host_tests.append(lambda host, test=host_test: not test(host))  # type: ignore[misc]
    elif (state_test := _state_test(word)) is not None:
        state_tests.append(lambda state, now, test=state_test: not test(state, now))  # type: ignore[misc]
    elif word == "all":
        raise SelectionError("'!all' leaves no host")
    else:
        excluded.append(_glob(word))


def _glob(word: str) -> str:
    if not word or not _NAME.fullmatch(word):
        raise SelectionError(f"{word!r} is neither a host name, a glob nor a predicate")
    return word


def _host_test(word: str) -> Callable[[Host], bool] | None:
    kind, colon, value = word.partition(":")
    if not colon or kind not in ("tag", "group"):
        return None
    if not value:
        raise SelectionError(f"{word!r} needs a name behind the colon")
    if kind == "tag":
        return lambda host: any(fnmatchcase(tag, value) for tag in host.tags)
    return lambda host: any(fnmatchcase(group, value) for group in host.groups)


def _state_test(word: str) -> Test | None:
    kind, colon, value = word.partition(":")
    if colon:
        return _named_test(word, kind, value)
    found = _COMPARISON.fullmatch(word)
    if found is None:
        return None
    name = found["name"]
    if name not in FIGURES:
        raise SelectionError(f"{name!r} can't be compared; these can: {', '.join(FIGURES)}")
    _check_unit(word, name, found["unit"] or "")
    figure, sign = FIGURES[name], _SIGNS[found["sign"]]
    limit = float(found["figure"]) * _SECONDS.get(found["unit"] or "", 1)

    def test(state: HostState, now: float) -> bool:
        value = figure(state, now)
        return value is not None and sign(value, limit)

    return test


def _check_unit(word: str, name: str, unit: str) -> None:
    """``cpu>1m`` would be 60 % unseen: a unit must be one that the figure has."""
    if name in _TIMES:
        fits, units = unit in ("", *_SECONDS), "is compared in s, m, h or d"
    elif name == "load":
        fits, units = not unit, "has no unit"
    else:
        fits, units = unit in ("", "%"), "is compared in %"
    if not fits:
        raise SelectionError(f"{word!r}: {name} {units}")


def _named_test(word: str, kind: str, value: str) -> Test | None:
    if kind == "os":
        if not value:
            raise SelectionError(f"{word!r} needs a name behind the colon")
        wanted = value.lower()
        return lambda state, now: any(
            wanted in f"{row.get('id', '')} {row.get('id_like', '')}".split()
            for row in state.rows("os")
        )
    if kind == "state":
        health = _STATES.get(value.lower())
        if health is None:
            raise SelectionError(f"{value!r} is no state; these are: {', '.join(_STATES)}")
        return lambda state, now: state.health is health
    near = get_close_matches(kind, ("tag", "group", "os", "state"), n=1)
    also = f": did you mean {near[0]}:{value}?" if near else "; known are tag: group: os: state:"
    raise SelectionError(f"{word!r}: unknown predicate {kind!r}{also}")
