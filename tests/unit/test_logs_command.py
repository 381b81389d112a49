"""``opsdash logs``: options that mean something, lines for eyes, JSON for programs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.troubleshoot.logs_commands import build
from opsdash.activities.troubleshoot.logs_printed import query_of
from opsdash.activities.troubleshoot.logs_report import Form, clock_notice, json_line, plain_line
from opsdash.core.log_record import TEXT_LIMIT, LogGap, LogRecord, label
from opsdash.core.log_state import LogState
from opsdash.core.priority import priority_of

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "logs.schema.json").read_text())
AT_S = 1_795_851_271.4062
UTC = Form(name_width=5, utc=True)
NOTHING = {
    "units": (), "files": (), "containers": (), "named": (), "kernel": False, "prio": None,
    "boot": False, "since": None, "until": None, "lines": None, "grep": "", "follow": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("opsdash.core.clock.now", lambda: AT_S + 60)


def run(*words: str) -> Result:
    return CliRunner().invoke(build(), ["--demo", "8", *words], catch_exceptions=False)


def test_made_up_hosts_tell_their_last_lines_in_order() -> None:
    result = run("web*", "db*", "-n", "5", "--utc", "--json")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    for one in told:
        jsonschema.validate(one, SCHEMA)
    assert len({one["host"] for one in told}) >= 2
    assert len(told) == 5 * len({one["host"] for one in told})
    times = [one["at"] for one in told]
    assert times == sorted(times)
    assert result.exit_code == 0


def test_what_is_left_out_is_left_out() -> None:
    lines = [json.loads(one) for one in run("all", "--prio", "err", "--json").stdout.splitlines()]
    assert {one["priority"] for one in lines} <= {"err"}
    found = run("all", "--grep", "logrotate", "--since", "-10m").stdout.splitlines()
    assert found
    assert all("logrotate" in line for line in found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["all", "--since", "soon"], "--since soon is no moment"),
        (["all", "--prio", "bad"], "--prio 'bad' is no priority"),
        (["all", "--grep", "("], "--grep (:"),
        (["all", "--follow", "--until", "now"], "--follow or --until"),
        (["all", "--since", "-1h", "--until", "-2h"], "--until is before --since"),
        ([], "Missing argument"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output


def test_the_last_ten_lines_are_meant_unless_a_time_is() -> None:
    def lines(**given: Any) -> int | None:
        return query_of({**NOTHING, **given}, AT_S).lines

    assert lines() == 10
    assert lines(since="-2h") is None
    assert lines(boot=True) is None
    assert lines(since="-2h", lines=3) == 3
    assert query_of({**NOTHING, "since": "-1h"}, AT_S).since_s == AT_S - 3600


def test_a_line_is_its_time_host_priority_program_and_text() -> None:
    record = LogRecord(AT_S, "web1", "bind() failed\nsecond line", "journal", 3, "nginx")
    assert plain_line(record, UTC) == "07:34:31.406 web1  E nginx    bind() failed\n    second line"
    bare = LogRecord(None, "web1", "?", "/var/log/x", None, "")
    assert plain_line(bare, UTC) == "--:--:--.--- web1  -          ?"
    old = LogRecord(AT_S - 86_400 * 3, "web1", "", "journal", 0, "x")
    assert plain_line(old, UTC) == "Nov 25 07:34:31.406 web1  C x"
    odd = LogRecord(1e300, "web1", "from nowhere", "journal")
    assert plain_line(odd, UTC).startswith("--:--:--.---")


def test_on_a_terminal_a_line_has_colours_and_elsewhere_no_escape_at_all() -> None:
    record = LogRecord(AT_S, "web1", "\x1b[2Jcleared \x1b]52;c;aGk=\x07", "journal", 3, "ng\x1binx")
    assert "\x1b" not in plain_line(record, UTC)
    coloured = plain_line(record, Form(utc=True, coloured=True))
    assert coloured.count("\x1b[31m") == 1
    assert "\x1b[2J" not in coloured


def test_a_gap_says_what_is_missing_and_why() -> None:
    gap = LogGap("web1", "journal", "rotated away", AT_S - 5, AT_S, dropped=12)
    words = "-- 12 lines of journal may be missing since 07:34:26.406: rotated away --"
    assert plain_line(gap, UTC) == f"07:34:31.406 web1  - {words}"
    told = json.loads(json_line(gap))
    jsonschema.validate(told, SCHEMA)
    assert (told["dropped"], told["type"]) == (12, "gap")
    jsonschema.validate(json.loads(json_line(LogGap("h", "/x", "y"))), SCHEMA)


def test_a_clock_that_is_off_is_told_with_how_far() -> None:
    assert "its clock is 60m ahead" in clock_notice(LogState("web1", ahead_s=3600.0))
    assert "its clock is 0.4s behind" in clock_notice(LogState("web1", ahead_s=-0.4))


def test_a_record_is_capped_and_names_that_repeat_are_one_object() -> None:
    one = LogRecord(1.0, b"web1".decode(), "x" * 10_000, "journal", 6, b"nginx".decode())
    two = LogRecord(2.0, "web1", "y", "journal", 6, "nginx")
    assert len(one.text) == TEXT_LIMIT
    assert one.text.endswith("…")
    assert one.program is two.program
    assert one.host is two.host
    assert label("a\x1b[31m b\n") == "a b"


def test_a_host_that_makes_up_names_costs_no_memory_for_ever() -> None:
    from opsdash.core import log_record

    for number in range(log_record._MOST_KNOWN + 10):
        label(f"unit-{number}")
    assert len(log_record._KNOWN) <= log_record._MOST_KNOWN


@pytest.mark.parametrize(("word", "number"), [("err", 3), ("ERROR", 3), ("warn", 4), ("7", 7)])
def test_priorities_have_names_and_numbers(word: str, number: int) -> None:
    assert priority_of(word) == number


def test_a_wall_of_lines_is_formatted_quickly() -> None:
    record = LogRecord(AT_S, "web1", "bind() failed", "journal", 3, "nginx")
    began = time.perf_counter()
    for _ in range(5_000):
        plain_line(record, UTC)
    assert time.perf_counter() - began < 2
