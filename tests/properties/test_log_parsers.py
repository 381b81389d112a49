"""Whatever bytes a host sends as a log: no exception, no escape sequence, and no line is lost."""

from __future__ import annotations

import json
import time

from hypothesis import example, given
from hypothesis import strategies as st

from opsdash.collectors.log_commands import CommandLog
from opsdash.collectors.log_containers import Container
from opsdash.collectors.log_files import Files
from opsdash.collectors.log_journal import Journal
from opsdash.collectors.log_kernel import Kernel
from opsdash.collectors.log_lines import LogSource
from opsdash.collectors.log_stamps import stamped
from opsdash.collectors.log_survey import Survey, surveyed
from opsdash.collectors.log_syslogd import Logread
from opsdash.core.log_record import LogGap, LogQuery, LogRecord
from opsdash.core.named_log import NamedLog
from opsdash.core.text import clean

NOW = 1_795_851_482.0
HEADS = (
    b"",
    b"\x1em4rk from 1 7 0\n",
    b"\x1em4rk older 1\n",
    b"\x1em4rk at 1 7 12\n",
    b"\x1em4rk ",
    b"\n\x1em4rk on\n",
    b"\n\x1em4rk 7\n",
)
PIECES = st.lists(st.one_of(st.binary(max_size=200), st.sampled_from(HEADS)), max_size=12)


def sources() -> list[LogSource]:
    """One of each kind."""
    query, survey = LogQuery(), Survey(journal=True, booted_s=100.0, tools=frozenset({"docker"}))
    return [
        Journal("h", query, survey, NOW),
        Files("h", ["/var/log/a", "/b"], query, survey, "m4rk"),
        Kernel("h", query, survey),
        Container("h", "shop", query, survey),
        Logread("h", query, survey),
        CommandLog("h", NamedLog("queue", command="x"), query, survey, "m4rk"),
    ]


@given(PIECES, st.booleans())
def test_any_bytes_are_taken_by_every_source_and_it_can_go_on(
    pieces: list[bytes], follow: bool
) -> None:
    for source in sources():
        found = []
        source.script(follow=follow)
        for piece in pieces:
            found += source.feed(piece, NOW)
            source.complain(piece)
        source.cut()
        assert source.script(follow=True)
        found += source.end(NOW)
        for entry in found:
            text = entry.why if isinstance(entry, LogGap) else entry.text
            assert text == clean(text, 8192)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["MESSAGE", "PRIORITY", "__REALTIME_TIMESTAMP", "__CURSOR", "_PID", "UNIT", "_BOOT_ID",
     "SYSLOG_IDENTIFIER", "_COMM", "_TRANSPORT"]
)  # fmt: skip


@given(st.lists(st.dictionaries(FIELDS, JSON), max_size=6))
def test_every_entry_of_a_journal_is_a_record_whatever_its_fields_hold(
    entries: list[dict[str, object]],
) -> None:
    source = Journal("h", LogQuery(), Survey(), NOW)
    data = b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
    found = source.feed(data, NOW)
    assert len([one for one in found if isinstance(one, LogRecord)]) == len(entries)


@given(st.lists(st.text(alphabet="ab é", min_size=1, max_size=9), max_size=20), st.data())
def test_lines_cut_at_any_place_come_once_and_in_order(
    lines: list[str], data: st.DataObject
) -> None:
    source = Files("h", ["/a"], LogQuery(), Survey(), "m4rk")
    whole = b"\x1em4rk from 1 7 0\n" + "".join(f"{line}\n" for line in lines).encode()
    at = data.draw(st.integers(0, len(whole)))
    found = source.feed(whole[:at], NOW) + source.feed(whole[at:], NOW)
    assert [one.text for one in found if isinstance(one, LogRecord)] == lines


@example("<13>1 2026-11-28T08:00:00Z host app ² - - a digit that is no number", 0.0, 0.0)
@given(st.text(max_size=200), st.floats(-86400, 86400), st.floats(0, 4e9))
def test_any_head_of_a_line_is_understood_or_left_as_text(
    line: str, zone_s: float, now_s: float
) -> None:
    assert stamped(line, zone_s=zone_s, now_s=now_s).text in line


@given(st.binary(max_size=300))
def test_a_survey_is_understood_or_refused(data: bytes) -> None:
    try:
        found = surveyed(b"== clock\n1.5 +0100\n" + data + b"\n== end\n", 0.0, 1.0)
    except ValueError:
        return
    assert found.error_s >= 0


def test_a_line_of_a_megabyte_takes_no_minute_whatever_it_holds() -> None:
    began = time.monotonic()
    for text in ("x", "[", '<34>1 2026-11-28T07:34:31Z a b c d [e f="', "a: ", '\\"', "\x1b]52;"):
        data = (text * (1_000_000 // len(text))).encode() + b"\n"
        for source in sources():
            source.feed(b"\x1em4rk from 1 7 0\n" + data, NOW)
    assert time.monotonic() - began < 10
