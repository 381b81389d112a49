"""The filter of log lines: each kind of word, and what is said of one that means nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from opsdash.core.filter_words import FilterError
from opsdash.core.log_filter import LogFilter, parse_log_filter
from opsdash.core.priority import priority_of

NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Line:
    at_s: float | None = NOW - 60
    host: str = "web7"
    unit: str = "nginx.service"
    program: str = "nginx"
    priority: int | None = 3
    text: str = "bind() to 0.0.0.0:443 failed (98: Address already in use)"


def understood(text: str) -> LogFilter:
    return parse_log_filter(text, lambda body: lambda text: re.search(body, text) is not None, NOW)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("bind", True),
        ("BIND", True),
        ("nginx", True),
        ("flood", False),
        ("flood|bind", True),
        ('"already in use"', True),
        ("!bind", False),
        ("!flood bind", True),
        ("/^bind.*98/", True),
        ("!/98: /", False),
        ("/^nginx$/", True),
        ("host:web*", True),
        ("host:db*|web7", True),
        ("!host:web7", False),
        ("unit:nginx", True),
        ("unit:nginx.service", True),
        ("unit:ng", False),
        ("prog:nginx", True),
        ("prio>=err", True),
        ("prio>=crit", False),
        ("prio>err", False),
        ("prio=err", True),
        ("prio:warning", True),
        ("prio<=err", True),
        ("prio<err", False),
        ("prio>=3", True),
        ("since:-2m", True),
        ("since:-30s", False),
        ("until:-30s", True),
        ("bind prio>=err host:web7 !flood", True),
        ("0.0.0.0:443", True),
    ],
)
def test_every_word_must_hold(text: str, passes: bool) -> None:
    assert understood(text).matches(Line()) is passes


def test_a_line_without_time_or_priority_fits_nothing_that_asks_for_them() -> None:
    bare = Line(at_s=None, priority=None)
    for text in ("since:-2h", "until:now", "prio>=debug", "prio<=debug"):
        assert not understood(text).matches(bare)
    assert understood("!prio>=err").matches(bare)


def test_words_of_text_can_be_looked_for_in_many_lines_at_once() -> None:
    assert understood("Bind|flood !debug use prio>=err").needles == (("bind", "flood"), ("use",))


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("ok prio>=bad", 3, "'bad' is no priority: emerg, alert"),
        ("host:", 0, "host: needs a name behind it"),
        ("a since:tomorrow", 2, "since: tomorrow is no moment"),
        ("units:nginx", 0, "units: is not known: did you mean unit:?"),
        ("x !", 2, "one '!' turns the word behind it round"),
        ("//", 0, "there is no expression between the slashes"),
        ("|", 0, "there is no text to look for"),
        ("x" * 1001, 1000, "a filter has at most 1000 characters"),
    ],
)
def test_a_word_that_means_nothing_is_pointed_at(text: str, start: int, words: str) -> None:
    with pytest.raises(FilterError, match=re.escape(words)) as error:
        understood(text)
    assert error.value.start == start


@pytest.mark.parametrize(("name", "number"), [("err", 3), ("ERROR", 3), ("warn", 4), ("7", 7)])
def test_priorities_have_several_names(name: str, number: int) -> None:
    assert priority_of(name) == number
    for bad in ("8", "-1", "", "erro"):
        with pytest.raises(ValueError, match="is no priority"):
            priority_of(bad)
