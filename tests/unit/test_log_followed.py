"""Files of one host that are told one behind the other come out in the order of their times."""

from __future__ import annotations

import pytest

from opsdash.collectors.log_files import Files
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogGap, LogQuery, LogRecord
from opsdash.engine.log_followed import Followed, followed
from opsdash.engine.log_merger import Merger
from opsdash.engine.log_wanted import Wanted

AT = 1_800_000_000.0
SYSLOG, AUTH = "/var/log/syslog", "/var/log/auth.log"


def line(path: str, after_s: float | None, text: str) -> LogRecord:
    return LogRecord(None if after_s is None else AT + after_s, "rc1", text, path)


def made(*paths: str) -> tuple[Merger, Followed]:
    merger = Merger(lambda: AT + 100)
    source = Files("rc1", paths, LogQuery(), Survey(), "mark")
    return merger, followed("rc1", source, Wanted(LogQuery(), 0.0), merger)


def said(merger: Merger) -> list[str]:
    return [one.text for one in merger.take()]


OLDER: list[LogEntry] = [
    line(SYSLOG, 1, "s1"),
    line(SYSLOG, None, "s1 goes on"),
    line(SYSLOG, 5, "s5"),
    line(AUTH, 2, "a2"),
    line(AUTH, 4, "a4"),
    LogGap("rc1", AUTH, "cut", AT + 4.5, None),
    line(AUTH, 6, "a6"),
]


def test_what_is_older_is_given_out_in_order_and_not_before_all_of_it_is_known() -> None:
    merger, one = made(SYSLOG, AUTH)
    one.begin(None, leaves_out=False)
    one.put(OLDER[:3], AT)
    assert said(merger) == []
    one.put(OLDER[3:], AT)
    one.settle(AT + 50)
    assert said(merger) == ["s1", "s1 goes on", "a2", "a4", "missing: cut", "s5", "a6"]


def test_what_comes_is_in_order_too() -> None:
    merger, one = made(SYSLOG, AUTH)
    one.begin(10, leaves_out=False)
    one.settle(AT)
    one.live()
    one.put([line(SYSLOG, 5, "s5"), line(SYSLOG, 7, "s7"), line(AUTH, 6, "a6")], AT + 9)
    one.put([line(SYSLOG, 9, "s9"), line(AUTH, 8, "a8")], AT + 10)
    assert said(merger) == ["s5", "a6", "s7", "a8", "s9"]


@pytest.mark.parametrize(("paths", "last"), [((SYSLOG, AUTH), ["s5", "a6"]), ((AUTH,), ["a6"])])
def test_of_several_files_the_last_lines_are_the_latest(
    paths: tuple[str, ...], last: list[str]
) -> None:
    merger, one = made(*paths)
    one.begin(len(last), leaves_out=True)
    one.put([entry for entry in OLDER if entry.source in paths], AT)
    one.settle(AT)
    assert said(merger) == last


def test_a_break_loses_nothing_of_what_had_come() -> None:
    merger, one = made(SYSLOG, AUTH)
    for part in (OLDER[:4], OLDER[4:]):
        one.begin(None, leaves_out=False)
        one.put(part, AT)
    one.settle(AT)
    assert len(said(merger)) == len(OLDER)


def test_a_flood_is_kept_to_what_is_wanted() -> None:
    _, one = made(SYSLOG, AUTH)
    one.begin(5, leaves_out=True)
    for number in range(10_000):
        one.put([line(SYSLOG, number / 100, str(number))], AT)
    assert one.kept is not None
    assert len(one.kept) <= 1_011
