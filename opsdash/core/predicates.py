"""What can be said of a host in one word: ``tag:prod``, ``os:debian``, ``state:warn``, ``cpu>80``.

Selections of commands and the filter of the screen are made of the same words.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from opsdash.core.errors import SelectionError
from opsdash.core.figures import FIGURES, Unit
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.snapshot import HostState

StateTest = Callable[[HostState, float], bool]
HostTest = Callable[[Host], bool]

_COMPARISON = re.compile(
    r"(?P<name>[a-z]+)(?P<sign>>=|<=|>|<|=)(?P<figure>\d+(?:\.\d+)?)(?P<unit>%|[smhdKMG])?"
)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}
_SCALES: dict[Unit, dict[str, float]] = {
    Unit.PERCENT: {"": 1, "%": 1},
    Unit.SECONDS: {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400},
    Unit.BYTES_PER_S: {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3},
    Unit.PLAIN: {"": 1},
}
_UNIT_WORDS = {
    Unit.PERCENT: "is compared in %",
    Unit.SECONDS: "is compared in s, m, h or d",
    Unit.BYTES_PER_S: "is compared in bytes per second: K, M or G",
    Unit.PLAIN: "has no unit",
}
STATES = {health.name.lower(): health for health in Health}


def is_predicate(word: str) -> bool:
    """Whether a word begins as a predicate does: ``tag:22`` is one, ``db1:22`` is not."""
    return word.lstrip("!").partition(":")[0] in ("tag", "group", "os", "state")


def host_test(word: str) -> HostTest | None:
    """What ``tag:`` and ``group:`` ask of a host; None for any other word."""
    kind, colon, value = word.partition(":")
    if not colon or kind not in ("tag", "group"):
        return None
    if not value:
        raise SelectionError(f"{word!r} needs a name behind the colon")
    if kind == "tag":
        return lambda host: any(fnmatchcase(tag, value) for tag in host.tags)
    return lambda host: any(fnmatchcase(group, value) for group in host.groups)


def state_test(word: str) -> StateTest | None:
    """What ``os:``, ``state:`` and comparisons ask of a host's state; None for any other word."""
    kind, colon, value = word.partition(":")
    if colon:
        return _named_test(word, kind, value)
    found = _COMPARISON.fullmatch(word)
    if found is None:
        return None
    name, unit = found["name"], found["unit"] or ""
    figure = FIGURES.get(name)
    if figure is None:
        near = get_close_matches(name, FIGURES, n=1)
        also = f": did you mean {near[0]}?" if near else f"; these can: {', '.join(FIGURES)}"
        raise SelectionError(f"{name!r} can't be compared{also}")
    # cpu>1m would be 60 % unseen: a unit must be one that the figure has
    if unit not in _SCALES[figure.unit]:
        raise SelectionError(f"{word!r}: {name} {_UNIT_WORDS[figure.unit]}")
    sign, limit = _SIGNS[found["sign"]], float(found["figure"]) * _SCALES[figure.unit][unit]

    exact = found["sign"] != "="

    def test(state: HostState, now: float) -> bool:
        value = figure.value(state, now)
        # what is shown as 50 is 50 for whoever asks for it
        return value is not None and sign(value if exact else round(value), limit)

    return test


def _named_test(word: str, kind: str, value: str) -> StateTest:
    if kind == "os":
        if not value:
            raise SelectionError(f"{word!r} needs a name behind the colon")
        wanted = value.lower()
        return lambda state, now: any(
            wanted in f"{row.get('id', '')} {row.get('id_like', '')}".split()
            for row in state.rows("os")
        )
    if kind == "state":
        health = STATES.get(value.lower())
        if health is None:
            raise SelectionError(f"{value!r} is no state; these are: {', '.join(STATES)}")
        return lambda state, now: state.health is health
    near = get_close_matches(kind, ("tag", "group", "os", "state"), n=1)
    also = f": did you mean {near[0]}:{value}?" if near else "; known are tag: group: os: state:"
    raise SelectionError(f"{word!r}: unknown predicate {kind!r}{also}")
