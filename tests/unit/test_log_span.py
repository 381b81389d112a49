"""The words that lead from a finding or a happening to its log lines."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from opsdash.activities.troubleshoot.log_wish import parse_wish
from opsdash.config import watch_rule_values
from opsdash.config.expression import exact_expression
from opsdash.core.health import Health
from opsdash.core.log_filter import parse_log_filter
from opsdash.core.log_record import LogQuery, LogRecord
from opsdash.core.log_span import log_words, rule_words, unit_word
from opsdash.core.watch_rule import WatchRule

NOW = time.mktime((2026, 11, 28, 14, 0, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("words", "since_s", "until_s", "units"),
    [
        (log_words(NOW - 300, NOW), NOW - 900, None, ()),
        (
            log_words(NOW - 300, NOW, of=unit_word("nginx.service")),
            NOW - 900,
            None,
            ("nginx.service",),
        ),
        (log_words(NOW - 7200, NOW, until=NOW - 7200), NOW - 7800, NOW - 6600, ()),
        (log_words(NOW - 300, NOW, until=NOW - 300), NOW - 900, None, ()),
        (log_words(NOW - 9 * 86400, NOW), NOW - 86400, None, ()),
        (log_words(NOW - 300, NOW, of=unit_word("a b")), NOW - 900, None, ()),
    ],
)
def test_the_page_of_logs_understands_them(
    words: str, since_s: float, until_s: float | None, units: tuple[str, ...]
) -> None:
    wish = parse_wish(words, 1, NOW)
    assert wish.filter_text == ""
    assert (wish.query.since_s, wish.query.until_s, wish.query.units) == (since_s, until_s, units)
    assert wish.query.follow is (until_s is None)


@pytest.mark.parametrize(
    ("sources", "query", "shown"),
    [
        (("kernel",), LogQuery(), "md0: .* on \\S+/x boot"),
        (("unit:app.service",), LogQuery(units=("app.service",)), "a kernel b"),
        (("/srv/app.log",), LogQuery(files=("/srv/app.log",)), "a b"),
        (("/srv/a b/app's.log",), LogQuery(files=("/srv/a b/app's.log",)), "a b"),
        (('/srv/a"b',), LogQuery(), "a b"),
        (("sshd",), LogQuery(), "a b"),
        (("kernel", "mdadm"), LogQuery(), "a b"),
        (("any",), LogQuery(), "a"),
    ],
)
def test_a_watch_rule_leads_to_its_lines(
    sources: tuple[str, ...], query: LogQuery, shown: str
) -> None:
    rule = WatchRule("r", "R", shown, watch_rule_values.sources(list(sources)), Health.WARN)
    wish = parse_wish(log_words(NOW - 300, NOW, of=rule_words(rule)), 1, NOW)
    asked = replace(wish.query, since_s=None, lines=10, follow=False)
    assert asked == query
    assert not wish.query.boot
    log_filter = parse_log_filter(wish.filter_text, exact_expression, NOW)
    assert log_filter.matches(
        LogRecord(NOW, "h", shown.replace(".*", "x").replace("\\S+", "y"), "")
    )
    assert not log_filter.matches(LogRecord(NOW, "h", "other", ""))


@pytest.mark.parametrize("pattern", ["a/b", r"a\/b", "[/]", r"a\\/b", r"/\\"])
def test_slashes_of_a_pattern_are_slashes_among_the_lines(pattern: str) -> None:
    rule = WatchRule("r", "R", pattern, watch_rule_values.sources("any"), Health.WARN)
    wish = parse_wish(log_words(NOW - 300, NOW, of=rule_words(rule)), 1, NOW)
    shown = parse_log_filter(wish.filter_text, exact_expression, NOW)
    for text in ("a/b", "/", r"a\/b", "/\\", "ab"):
        fits = exact_expression(pattern)(text)
        assert shown.matches(LogRecord(NOW, "h", text, "")) == fits
