"""The watch rules that come with opsdash: each finds the lines that it is for, and none else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

import opsdash.activities.troubleshoot
from opsdash.core.discover import collectors
from tests.case_files import CASES

LONGEST_LINE = 8_192
CPU_LIMIT_S = 0.1
"""So long may a pattern look at the longest line: far more than it takes, far less than one that
goes back and forth needs.
"""

FEATURES = {"title", "pattern", "source", "severity", "count", "within", "except", "advice"} | {
    "known_by"
}
NEEDED = {"title", "pattern", "source", "severity", "advice"}
SECONDS = {"s": 1, "m": 60, "h": 3600}


def _content(path: Path) -> Mapping[str, Any]:
    content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    assert isinstance(content, dict), path
    return content


def _rules() -> Iterator[tuple[str, Mapping[str, Any]]]:
    (folder,) = opsdash.activities.troubleshoot.__path__
    for path in sorted((Path(folder) / "watch_rules").glob("*.yaml")):
        yield from _content(path)["rules"].items()


NAMED = list(_rules())
RULES = dict(NAMED)
CASE_OF = {path.stem: _content(path) for path in sorted((CASES / "watch_rules").glob("*.yaml"))}


def _is_for(rule: Mapping[str, Any], program: str) -> bool:
    source = rule["source"]
    return source == "any" or program in ([source] if isinstance(source, str) else source)


def _matched(line: Mapping[str, Any]) -> set[str]:
    """The rules that the line is meant for."""
    text = line["text"]
    return {
        name
        for name, rule in RULES.items()
        if _is_for(rule, line["program"])
        and re.search(rule["pattern"], text)
        and not ("except" in rule and re.search(rule["except"], text))
    }


def _worst_lines() -> Iterator[str]:
    """Lines as long as any is kept, of a text again and again: what patterns begin with, and never
    come to an end of.
    """
    told = chain.from_iterable(
        (*case["lines"], *case.get("others", ())) for case in CASE_OF.values()
    )
    words = {
        word for line in told for word in (line["text"], line["text"][: len(line["text"]) // 2])
    }
    for text in sorted(words | set("a/ 0:.[(") | {"a ", "0 ", "a: ", "(a) ", "[0]: "}):
        yield (text * (LONGEST_LINE // len(text) + 1))[:LONGEST_LINE]


def test_each_name_is_of_one_rule_and_each_rule_has_a_case() -> None:
    assert len(NAMED) == len(RULES)
    assert set(CASE_OF) == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_whole(name: str) -> None:
    rule = RULES[name]
    assert re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", name)
    assert rule.keys() <= FEATURES
    assert rule.keys() >= NEEDED
    assert rule["severity"] in ("critical", "warning")
    assert 1 <= rule.get("count", 1) <= 30
    number, unit = re.fullmatch(r"(\d+)([smh])", rule.get("within", "1h")).groups()  # type: ignore[union-attr]
    assert 0 < int(number) * SECONDS[unit] <= 3600


@pytest.mark.parametrize("name", RULES)
def test_the_words_of_a_rule_fit_where_they_are_shown(name: str) -> None:
    rule = RULES[name]
    assert 0 < len(rule["title"]) <= 40
    assert 0 < len(rule["advice"]) <= 120
    assert [one for one, other in NAMED if other["title"] == rule["title"]] == [name]


@pytest.mark.parametrize("name", RULES)
def test_what_a_rule_is_known_by_is_measured(name: str) -> None:
    metrics = {metric.name for collector in collectors().values() for metric in collector.metrics}
    assert set(RULES[name].get("known_by", ())) <= metrics


@pytest.mark.parametrize("name", CASE_OF)
def test_lines_are_found_by_the_rule_that_they_are_of(name: str) -> None:
    case = CASE_OF[name]
    assert case.keys() <= {"source", "lines", "others"}
    for line in case["lines"]:
        assert line.keys() <= {"program", "text", "source", "also"}
        assert line.get("source", case.get("source")), f"where is it from? {line['text']}"
        assert _matched(line) == {name, *line.get("also", ())}, line["text"]


@pytest.mark.parametrize("name", CASE_OF)
def test_lines_that_look_alike_are_left_alone(name: str) -> None:
    for line in CASE_OF[name].get("others", ()):
        also = set(line.get("also", ()))
        assert name not in also
        assert _matched(line) == also, line["text"]


@pytest.mark.parametrize("name", CASE_OF)
def test_lines_are_of_the_source_of_the_rule_and_an_exception_is_shown(name: str) -> None:
    assert all(_is_for(RULES[name], line["program"]) for line in CASE_OF[name]["lines"])
    if "except" in RULES[name]:
        texts = [line["text"] for line in CASE_OF[name].get("others", ())]
        pattern, but = re.compile(RULES[name]["pattern"]), re.compile(RULES[name]["except"])
        assert any(pattern.search(text) and but.search(text) for text in texts)


@pytest.mark.parametrize("key", ["pattern", "except"])
def test_no_line_keeps_a_pattern_busy(key: str) -> None:
    patterns = {name: re.compile(rule[key]) for name, rule in RULES.items() if key in rule}
    for line in _worst_lines():
        for name, pattern in patterns.items():
            begun_s = time.process_time()
            pattern.search(line)
            assert time.process_time() - begun_s < CPU_LIMIT_S, (name, line[:100])
