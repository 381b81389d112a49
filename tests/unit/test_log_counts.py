"""Lines and errors by minute, and what of them is not known."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.log_counts import MINUTE_S, LogCounts
from tests.unit.test_log_filter import NOW, Line


def test_who_tells_no_priority_has_no_errors_that_are_known() -> None:
    counts = LogCounts()
    counts.add(Line(at_s=NOW, host="rc1", priority=None))
    counts.add(Line(at_s=NOW, host="web1", priority=6))
    assert (counts.tells("rc1"), counts.tells("web1"), counts.tells("gone")) == (False, True, False)


def test_nothing_is_known_of_minutes_before_the_first_line_of_any_of_them() -> None:
    counts = LogCounts()
    for host, ago_s in (("a", 600), ("a", 60), ("b", 300)):
        counts.add(replace(Line(at_s=NOW - ago_s), host=host))
    counts.add(Line(at_s=None, host="c"))
    assert counts.since(["a"]) == (NOW - 600) // MINUTE_S
    assert counts.since(["a", "b", "c"]) == (NOW - 300) // MINUTE_S
    assert counts.since(["c"]) is None
