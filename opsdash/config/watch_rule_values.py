"""Values of watch_rules.yaml: each function returns what stands there, or says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from opsdash.config.expression import exact_expression
from opsdash.config.field_values import span_s
from opsdash.core.errors import SelectionError
from opsdash.core.filter_words import Search
from opsdash.core.health import Health
from opsdash.core.text import clean_line, did_you_mean
from opsdash.core.watch_rule import LONGEST_S, MOST_LINES, LogPlace, LogWhere

LONGEST_TITLE = 40
LONGEST_ADVICE = 200
LONGEST_PATTERN = 1000
LONGEST_NAME = 128
LONGEST_WORD = 100
MOST_SOURCES = 50
MOST_WORDS = 50
MOST_METRICS = 10

SEVERITIES: Mapping[str, Health] = {"critical": Health.CRIT, "warning": Health.WARN}

_PROGRAM = re.compile(r"[A-Za-z0-9(][A-Za-z0-9_.@()/+-]{0,63}")
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]{1,127}")
_SOURCE = "should be kernel, any, a program (sshd), unit:NAME or the path of a file"


@dataclass(frozen=True)
class Pattern:
    """An expression that is understood when it is first searched for: those that come with opsdash
    are many, and right.
    """

    body: str
    unless: str = ""

    def __call__(self, text: str) -> bool:
        """Whether this text is meant."""
        meant, not_meant = self._searches
        return meant(text) and not (not_meant is not None and not_meant(text))

    @cached_property
    def _searches(self) -> tuple[Search, Search | None]:
        unless = exact_expression(self.unless) if self.unless else None
        return exact_expression(self.body), unless


def _line(value: Any, longest: int, what: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise ValueError(f"should be {what} of at most {longest} characters")
    if value != clean_line(value, longest):
        raise ValueError("should be one line of plain text")
    return value


def title(value: Any) -> str:
    """What the lines mean, in a few words."""
    return _line(value, LONGEST_TITLE, "a few words")


def advice(value: Any) -> str:
    """What to do next."""
    return _line(value, LONGEST_ADVICE, "a sentence")


def pattern(value: Any) -> str:
    """A regular expression."""
    text = _line(value, LONGEST_PATTERN, "a regular expression in quotes")
    try:
        search = exact_expression(text)
    except SelectionError as error:
        raise ValueError(str(error)) from None
    if search(""):
        raise ValueError("fits an empty line, and so every line: say what must stand there")
    return text


def severity(value: Any) -> Health:
    """How bad it is."""
    if not isinstance(value, str) or value not in SEVERITIES:
        near = did_you_mean(str(value), list(SEVERITIES))
        raise ValueError(f"should be {' or '.join(SEVERITIES)}{near}")
    return SEVERITIES[value]


def count(value: Any) -> int:
    """From how many lines on."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_LINES:
        raise ValueError(f"should be a number of lines from 1 to {MOST_LINES}")
    return value


def within(value: Any) -> float:
    """In how long."""
    found_s = span_s(value) if isinstance(value, str) else 0.0
    if not 1.0 <= found_s <= LONGEST_S:
        raise ValueError("should be a time of at most an hour: 30s, 10m, 1h")
    return found_s


def _listed(value: Any, most: int) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    if not 1 <= len(found) <= most:
        raise ValueError(f"should be one, or a list of at most {most}")
    return found


def sources(value: Any) -> tuple[LogWhere, ...]:
    """Where the lines come from: one, or a list."""
    return tuple(dict.fromkeys(_source(one) for one in _listed(value, MOST_SOURCES)))


def _source(value: Any) -> LogWhere:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(_SOURCE)
    if value in (LogPlace.ANY, LogPlace.KERNEL):
        return LogWhere(LogPlace(value))
    if value.startswith("/"):
        if len(value) > LONGEST_NAME or value.endswith("/"):
            raise ValueError(f"a path of a file has at most {LONGEST_NAME} characters")
        return LogWhere(LogPlace.FILE, value)
    unit = value.removeprefix("unit:")
    if unit != value and _UNIT.fullmatch(unit):
        return LogWhere(LogPlace.UNIT, unit)
    if unit != value or not _PROGRAM.fullmatch(value):
        raise ValueError(_SOURCE)
    return LogWhere(LogPlace.PROGRAM, value)


def words(value: Any) -> tuple[str, ...]:
    """Plain text of which each line that is meant holds one."""
    return tuple(_line(one, LONGEST_WORD, "text") for one in _listed(value, MOST_WORDS))


def known_by(value: Any) -> tuple[str, ...]:
    """Names of checks and metrics."""
    given = _listed(value, MOST_METRICS)
    return tuple(_line(one, LONGEST_WORD, "a check or a metric") for one in given)


def truth(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("should be true or false")  # noqa: TRY004
    return value
