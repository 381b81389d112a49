"""The words that lead from a finding or a happening to its log lines."""

from __future__ import annotations

import time

import pytest

from opsdash.activities.troubleshoot.log_wish import parse_wish
from opsdash.core.log_span import log_words

NOW = time.mktime((2026, 11, 28, 14, 0, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("words", "since_s", "until_s", "units"),
    [
        (log_words(NOW - 300, NOW), NOW - 900, None, ()),
        (log_words(NOW - 300, NOW, unit="nginx.service"), NOW - 900, None, ("nginx.service",)),
        (log_words(NOW - 7200, NOW, until=NOW - 7200), NOW - 7800, NOW - 6600, ()),
        (log_words(NOW - 300, NOW, until=NOW - 300), NOW - 900, None, ()),
        (log_words(NOW - 9 * 86400, NOW), NOW - 86400, None, ()),
        (log_words(NOW - 300, NOW, unit="a b"), NOW - 900, None, ()),
    ],
)
def test_the_page_of_logs_understands_them(
    words: str, since_s: float, until_s: float | None, units: tuple[str, ...]
) -> None:
    wish = parse_wish(words, 1, NOW)
    assert wish.filter_text == ""
    assert (wish.query.since_s, wish.query.until_s, wish.query.units) == (since_s, until_s, units)
    assert wish.query.follow is (until_s is None)
