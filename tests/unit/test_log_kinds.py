"""Messages by their kind: what is taken out of them, how they are counted, and which are new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core import log_kinds, log_pattern
from opsdash.core.log_kinds import OTHERS, Kinds
from opsdash.core.log_pattern import Patterns, pattern_of
from tests.unit.test_log_filter import NOW, Line

SSHD = "maximum authentication attempts exceeded for root from 10.1.2.3 port 4711 ssh2"


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("plain words only", "plain words only"),
        ("", ""),
        ("bind() to 0.0.0.0:443 failed (98)", "bind() to <ip>:<n> failed (<n>)"),
        (SSHD, "maximum authentication attempts exceeded for <user> from <ip> port <n> ssh<n>"),
        (
            "Failed password for invalid user bob from",
            "Failed password for invalid user <user> from",
        ),
        ("waiting for connection", "waiting for connection"),
        ("from fe80::1%eth0 port 5", "from <ip> port <n>"),
        ("via 00:16:3e:5e:6c:00", "via <id>"),
        ("std::bad_alloc at 13:50:01 took 3.5ms", "std::bad_alloc at <n> took <n>ms"),
        ("died: 3f2a9b8c7d6e5f4a3b2c1d0e", "died: <id>"),
        ("ED25519 SHA256:abcDEF1234567890abcd/xx", "ED<n> SHA<n>:<id>"),
        ("test -x /etc/cron.daily/pop && ~/bin/x", "test -x <path> && <path>"),
        ("status=1/FAILURE", "status=<n>/FAILURE"),
        ("I/O error, dev sda, sector 12345", "I/O error, dev sda, sector <n>"),
        ("  first 1\nsecond 2", "first <n>"),
    ],
)
def test_particulars_are_taken_out(text: str, pattern: str) -> None:
    assert pattern_of(text) == pattern
    assert pattern_of(pattern) == pattern


@given(st.text(max_size=200))
def test_no_message_is_too_odd_and_a_pattern_is_its_own(text: str) -> None:
    once = pattern_of(text)
    assert "\n" not in once
    assert len(once) <= 8 * log_pattern.LONGEST


def test_what_is_remembered_of_messages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_pattern, "MOST_KEPT", 3)
    patterns = Patterns()
    assert {patterns.of(f"number {number}") for number in range(10)} == {"number <n>"}
    assert len(patterns._known) <= 3


def test_lines_are_counted_by_their_kind_worst_and_new_first() -> None:
    kinds = Kinds({("cron", "ran <n>")}, since_s=NOW - 500)
    for number in range(5):
        kinds.add(Line(at_s=NOW - number, program="cron", text=f"ran {number}", priority=6))
    kinds.add(Line(host="db1", text="disk 3 broken", program="kernel", priority=2))
    kinds.add(Line(at_s=NOW - 1000, text="old 1", program="kernel", priority=6))
    kinds.add(Line(at_s=None, text="timeless", program="app", priority=None))
    ranked = kinds.ranked()
    assert [(kind.pattern, kind.new, kind.count) for kind in ranked] == [
        ("disk <n> broken", True, 1),
        ("timeless", True, 1),
        ("ran <n>", False, 5),
        ("old <n>", False, 1),
    ]
    ran = ranked[2]
    assert (ran.first_s, ran.last_s, ran.hosts) == (NOW - 4, NOW, {"web7"})
    assert ran.line.text == "ran 4"


def test_nothing_is_new_where_nothing_was_remembered_so_far() -> None:
    assert not Kinds().add(Line()).new


def test_what_has_come_since_the_last_time_is_kept_and_the_number_of_kinds_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_kinds, "MOST", 2)
    kinds = Kinds(since_s=0.0)
    for word in ("one", "two", "three", "four", "one"):
        kinds.add(Line(text=word))
    assert [(seen.key[1], seen.count) for seen in kinds.to_keep()] == [("one", 2), ("two", 1)]
    kinds.add(Line(text="two"))
    assert [(seen.key[1], seen.count) for seen in kinds.to_keep()] == [("two", 1)]
    assert kinds.all()["", OTHERS].count == 2
    assert not kinds.all()["", OTHERS].new
    assert kinds.to_keep() == []
