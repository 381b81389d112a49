"""Watch rules: which lines they mean, and how many of them there are within their time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.config.watch_rule_values import Pattern
from opsdash.core.health import Health
from opsdash.core.watch_rule import (
    MOST_KNOWN,
    MOST_LINES,
    LineKind,
    LogPlace,
    LogWhere,
    WatchedLine,
    Watching,
    WatchRule,
)

NOW = 1_800_000_000.0
ANY = LogWhere(LogPlace.ANY)
KERNEL = LogWhere(LogPlace.KERNEL)
SSHD = LogWhere(LogPlace.PROGRAM, "sshd")
UNIT = LogWhere(LogPlace.UNIT, "app.service")


def rule(*sources: LogWhere, unless: str = "", words: tuple[str, ...] = ()) -> WatchRule:
    return WatchRule(
        "one",
        "One",
        "fail(ed|ure)",
        sources or (ANY,),
        Health.WARN,
        within_s=600.0,
        unless=unless,
        words=words,
        matches=Pattern("fail(ed|ure)", unless),
    )


def kind(text: str, *ages_s: float, count: int = 0, program: str = "app") -> LineKind:
    times = tuple(NOW - age_s for age_s in ages_s)
    return LineKind(WatchedLine(text, program), count or len(times), times)


@pytest.mark.parametrize(
    ("sources", "line", "meant"),
    [
        ((ANY,), WatchedLine("it failed", "app"), True),
        ((ANY,), WatchedLine("it works", "app"), False),
        ((ANY,), WatchedLine("it failed", "app", UNIT), False),
        ((KERNEL,), WatchedLine("it failed", "kernel"), True),
        ((KERNEL,), WatchedLine("it failed", "kernel-tools"), False),
        ((SSHD,), WatchedLine("it failed", "sshd"), True),
        ((SSHD,), WatchedLine("it failed", "SSHD"), False),
        ((KERNEL, SSHD), WatchedLine("it failed", "sshd"), True),
        ((UNIT,), WatchedLine("it failed", "app", UNIT), True),
        ((UNIT,), WatchedLine("it failed", "app"), False),
        ((UNIT,), WatchedLine("it failed", "app", LogWhere(LogPlace.UNIT, "b.service")), False),
    ],
)
def test_a_rule_means_lines_of_its_sources(
    sources: tuple[LogWhere, ...], line: WatchedLine, meant: bool
) -> None:
    assert rule(*sources).means(line) is meant


def test_what_is_excepted_or_lacks_the_words_is_not_meant() -> None:
    line = WatchedLine("login failed for bob", "app")
    assert rule().means(line)
    assert not rule(unless="for bob").means(line)
    assert rule(words=("login", "other")).means(line)
    assert not rule(words=("Login",)).means(line)


def test_only_lines_within_the_time_of_a_rule_are_counted() -> None:
    kinds = [kind("a failed", 10.0, 500.0, 700.0), kind("b failed", 20.0), kind("c works", 1.0)]
    (one,) = Watching([rule()]).seen(kinds, NOW)
    assert (one.count, one.more) == (3, False)
    assert (NOW - one.last_s, NOW - one.first_s) == (10.0, 500.0)
    assert one.line.text == "a failed"


def test_what_is_older_than_the_time_of_a_rule_is_not_seen() -> None:
    assert Watching([rule()]).seen([kind("a failed", 601.0)], NOW) == []
    assert Watching([replace(rule(), within_s=602.0)]).seen([kind("a failed", 601.0)], NOW) != []


@pytest.mark.parametrize(("oldest_s", "more"), [(590.0, True), (610.0, False)])
def test_where_the_older_times_are_not_known_there_may_be_more(oldest_s: float, more: bool) -> None:
    ages = [*range(1, MOST_LINES), oldest_s]
    (one,) = Watching([rule()]).seen([kind("a failed", *ages, count=500)], NOW)
    assert one.more is more
    assert one.count == MOST_LINES - (0 if more else 1)


def test_what_lines_mean_is_remembered_and_not_without_end() -> None:
    asked: list[str] = []

    def matches(text: str) -> bool:
        asked.append(text)
        return "failed" in text

    watching = Watching([replace(rule(SSHD), matches=matches)])
    for _ in range(3):
        (one,) = watching.seen([kind("a failed", 5.0, program="sshd"), kind("b", 1.0)], NOW)
        assert one.count == 1
    assert asked == ["a failed"]
    for number in range(2 * MOST_KNOWN):
        watching.meaning(WatchedLine("failed", f"program {number}"))
    assert watching.meaning(WatchedLine("a failed", "sshd"))
    assert len(watching._meaning) <= MOST_KNOWN
    assert len(watching._looking) <= MOST_KNOWN
