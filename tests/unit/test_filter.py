"""The filter of the screen: what each word means, and where a wrong one is wrong."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from opsdash.activities.monitor.fleet_filter import understand_filter
from opsdash.core.filter_words import FilterError
from opsdash.core.health import Health
from tests.fleet_states import NOW, Figures, disk_full, down, up, wrong

FLEET = [
    up("web1", figures=Figures(cpu=0.95)),
    up("web2"),
    up("db1", disk_full("db1"), figures=Figures(disks={"/var": 0.975})),
    up("db2", wrong("db2", Health.WARN, "load 9.1 on 2 cores", 7200)),
    down("gone1", text="no answer from 192.0.2.7:22"),
]


def named(text: str) -> list[str]:
    """The hosts that a filter lets pass."""
    found = understand_filter(text)
    return [state.name for state in FLEET if found.matches(state, NOW)]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ["web1", "web2", "db1", "db2", "gone1"]),
        ("web", ["web1", "web2"]),
        ("WEB", ["web1", "web2"]),
        ("web 2", ["web2"]),
        ("web|db2", ["web1", "web2", "db2"]),
        ("!web !gone", ["db1", "db2"]),
        ("full", ["db1"]),
        ('"97% full"', ["db1"]),
        ('"no answer"', ["gone1"]),
        ("10.0.4.9", ["gone1"]),
        ("db?", ["db1", "db2"]),
        ("w*|*1", ["web1", "web2", "db1", "gone1"]),
        ("/^(web|db)1/", ["web1", "db1"]),
        ("/load \\d/", ["db2"]),
        ("!/\\d full/", ["web1", "web2", "db1", "db2", "gone1"]),
        ("/^db", ["db1", "db2"]),
        ("why~load", ["db2"]),
        ("why~*full*", ["db1"]),
        ("why~web*", []),
        ("name~web*", ["web1", "web2"]),
        ("cpu=95", ["web1"]),
        ("why~/^load/", ["db2"]),
        ("name~1", ["web1", "db1", "gone1"]),
        ("tag:web", ["web1", "web2"]),
        ("tag=web", ["web1", "web2"]),
        ("!tag:prod", ["gone1"]),
        ("os:debian", ["web1", "web2", "db1", "db2"]),
        ("state:down", ["gone1"]),
        ("cpu>80", ["web1"]),
        ("cpu>80%", ["web1"]),
        ("disk>=97", ["db1"]),
        ("since>1h", ["db2"]),
        ("in>1M", ["web1", "web2", "db1", "db2"]),
        ("!cpu>80", ["web2", "db1", "db2", "gone1"]),
        ("is:new", ["db1"]),
        ("is:acked", []),
        ("is:odd", []),
    ],
)
def test_words(text: str, hosts: list[str]) -> None:
    assert named(text) == hosts


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("web cpu>", (4, 8), "'cpu>' lacks a figure to compare with: cpu>80"),
        ("cpux>80", (0, 7), "'cpux' can't be compared: did you mean cpu?"),
        ("web foo>3", (4, 9), "'foo' can't be compared; these can: cpu, mem"),
        ("cpu>1m", (0, 6), "cpu is compared in %"),
        ("a state:bad", (2, 11), "'bad' is no state; these are: ok, unknown"),
        ("os:", (0, 3), "needs a name behind the colon"),
        ("a b /x(/", (4, 8), "not a regular expression"),
        ("//", (0, 2), "there is no expression between the slashes"),
        ("/a{5000}/", (0, 9), "not a regular expression"),
        ("!!web", (0, 5), "one '!' turns the word behind it round"),
        ("web !", (4, 5), "one '!' turns the word behind it round"),
        ("wyh~disk", (0, 8), "wyh~ is not known; these are: why~ name~"),
        ("why~", (0, 4), "why~ needs text behind it"),
        ("is:old", (0, 6), "is:old is not known; these are: new, acked"),
        ("tga:web", (0, 7), "did you mean tag:web?"),
        ("x" * 1001, (1000, 1001), "at most 1000 characters"),
        ('""', (0, 2), "there is no text to look for"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(
    text: str, place: tuple[int, int], words: str
) -> None:
    with pytest.raises(FilterError) as caught:
        understand_filter(text)
    assert (caught.value.start, caught.value.end) == place
    assert words in str(caught.value)


def test_a_lost_link_is_a_reason_too() -> None:
    lost = down("x", text="connection refused")
    assert understand_filter("why~refused").matches(replace(lost, findings=()), NOW)


def test_an_open_quote_reaches_to_the_end() -> None:
    assert named('"97% fu') == ["db1"]


@pytest.mark.parametrize(
    "expression", [r"(\w+\s?)+%", ".*" * 12 + "~", "(a|a)*$q", "(a+)+b", r"\++", "^(x*)*$"]
)
def test_no_expression_takes_longer_than_reading_the_words(expression: str) -> None:
    long = up("a" * 60, wrong("a" * 60, Health.WARN, "x" * 72))
    began = time.process_time()
    understand_filter(f"/{expression}/").matches(long, NOW)
    assert time.process_time() - began < 1.0
