"""A finding is a clean sentence that fits its row, and the same one when it is found again."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from opsdash.core.finding import SUMMARY_WIDTH, Finding, urgency
from opsdash.core.health import Health
from tests.fleet_states import EVIL

DISK = Finding("disk-full", "db1", Health.CRIT, "/var 97% full", subject="/var", since=100.0)


def test_every_word_of_a_finding_is_clean() -> None:
    words = [field.name for field in fields(Finding) if field.type == "str"]
    words = [name for name in words if name not in ("check", "host")]
    assert "advice" in words
    hostile = replace(DISK, **dict.fromkeys(words, EVIL))  # type: ignore[arg-type]
    for name in words:
        assert not {"\x1b", "\x07", "\u202e"} & set(getattr(hostile, name)), name


def test_a_summary_is_one_line_that_fits_a_row() -> None:
    long = replace(DISK, summary="first\nsecond " + "x" * 200)
    assert long.summary.startswith("first second x")
    assert len(long.summary) == SUMMARY_WIDTH


def test_evidence_keeps_its_lines() -> None:
    assert replace(DISK, evidence="one\n\x1b[1mtwo").evidence == "one\ntwo"


def test_it_is_the_same_finding_whatever_it_says_now() -> None:
    later = replace(DISK, summary="/var 99% full", health=Health.WARN, since=5.0, new=True)
    assert later.key == DISK.key == ("db1", "disk-full", "/var")
    assert replace(DISK, subject="/").key != DISK.key


def test_the_worst_comes_first_then_the_newest_then_by_name() -> None:
    newer = replace(DISK, since=200.0)
    warn = replace(DISK, health=Health.WARN, since=900.0)
    unit = replace(DISK, check="unit-failed")
    root = replace(DISK, subject="/")
    assert sorted([warn, unit, DISK, newer, root], key=urgency) == [newer, root, DISK, unit, warn]


def test_a_finding_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        DISK.new = True  # type: ignore[misc]
