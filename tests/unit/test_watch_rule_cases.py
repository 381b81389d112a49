"""The watch rules that come with opsdash: each finds the lines that it is for, and none else."""

from __future__ import annotations

import re
import string
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsdash.config.watch_rules_file import shipped_rules
from opsdash.core.watch_rule import LogPlace, LogWhere, WatchedLine, WatchRule
from tests.case_files import CASES

RULES = shipped_rules()
SHORT_LINE, LONG_LINE = 24, 8_192
CPU_LIMIT_S = 0.1
"""So long may a pattern look at a long line: far more than it takes, far less than one that goes
back and forth needs.
"""


def _content(path: Path) -> Mapping[str, Any]:
    content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    assert isinstance(content, dict), path
    return content


CASE_OF = {path.stem: _content(path) for path in sorted((CASES / "watch_rules").glob("*.yaml"))}


def _meant(line: Mapping[str, Any]) -> set[str]:
    """The rules that mean this line."""
    one = WatchedLine(line["text"], line["program"])
    return {name for name, rule in RULES.items() if rule.means(one)}


def test_each_rule_has_a_case_and_there_are_many() -> None:
    assert set(CASE_OF) == set(RULES)
    assert len(RULES) >= 85


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda one: one.name)
def test_the_words_of_a_rule_fit_where_they_are_shown(rule: WatchRule) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", rule.name)
    assert 0 < len(rule.advice) <= 120
    assert [one.name for one in RULES.values() if one.title == rule.title] == [rule.name]


@pytest.mark.parametrize("name", CASE_OF)
def test_lines_are_found_by_the_rule_that_they_are_of(name: str) -> None:
    case = CASE_OF[name]
    assert case.keys() <= {"source", "lines", "others"}
    for line in case["lines"]:
        assert line.keys() <= {"program", "text", "source", "also"}
        assert line.get("source", case.get("source")), f"where is it from? {line['text']}"
        assert _meant(line) == {name, *line.get("also", ())}, line["text"]


@pytest.mark.parametrize("name", CASE_OF)
def test_lines_that_look_alike_are_left_alone(name: str) -> None:
    for line in CASE_OF[name].get("others", ()):
        also = set(line.get("also", ()))
        assert name not in also
        assert _meant(line) == also, line["text"]


@pytest.mark.parametrize("name", CASE_OF)
def test_each_source_and_each_exception_of_a_rule_is_shown(name: str) -> None:
    rule, case = RULES[name], CASE_OF[name]
    anywhere = LogWhere(LogPlace.ANY)
    programs = {line["program"] for line in case["lines"]}
    named = {one.name or "kernel" for one in rule.sources if one != anywhere}
    assert named <= programs
    assert anywhere in rule.sources or named == programs
    if rule.unless:
        texts = [line["text"] for line in case.get("others", ())]
        found = re.compile(rule.pattern), re.compile(rule.unless)
        assert any(all(one.search(text) for one in found) for text in texts)


def _worst_lines(name: str) -> Iterator[str]:
    """A text again and again: any character, and what the pattern begins with and never comes to
    an end of. Short ones first: a pattern that would never end is slow on them already.
    """
    case = CASE_OF[name]
    told = [line["text"] for line in (*case["lines"], *case.get("others", ()))]
    texts = [*string.printable, *told, *(text[: len(text) // 2] for text in told)]
    for length in (SHORT_LINE, LONG_LINE):
        for text in texts:
            yield (text * (length // len(text) + 1))[:length]


@pytest.mark.parametrize("name", CASE_OF)
def test_no_line_keeps_a_pattern_busy(name: str) -> None:
    rule = RULES[name]
    patterns = [re.compile(one) for one in (rule.pattern, rule.unless) if one]
    for line in _worst_lines(name):
        for pattern in patterns:
            begun_s = time.process_time()
            pattern.search(line)
            assert time.process_time() - begun_s < CPU_LIMIT_S, line[:100]
