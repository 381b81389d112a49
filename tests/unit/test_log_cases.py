"""What logs of real hosts look like, and what is made of every form that a line may have."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from opsdash.collectors.log_survey import surveyed
from tests.case_files import Case, case_id, cases
from tests.log_cases import bytes_of, listed, source_of

SURVEYS = [case for case in cases("logs") if case.plugin == "survey"]
SOURCES = [case for case in cases("logs") if case.plugin != "survey"]


@pytest.mark.parametrize("case", SOURCES, ids=case_id)
@pytest.mark.parametrize("piece", [1, 37, 1_000_000])
def test_recorded_lines_are_understood_in_whatever_pieces_they_come(case: Case, piece: int) -> None:
    source, data, now_s = source_of(case), bytes_of(case), case.content["now_s"]
    found = []
    source.script(follow=False)
    for at in range(0, len(data), piece):
        found += source.feed(data[at : at + piece], now_s)
    found += source.end(now_s)
    notices = source.complain(str(case.content.get("errors", "")).encode())
    wanted: list[dict[str, Any]] = case.content["expect"]["entries"]
    assert len(found) == len(wanted)
    for entry, one in zip(found, wanted, strict=True):
        told = listed(entry, one)
        for key, value in one.items():
            assert told[key] == (pytest.approx(value, abs=1e-5) if key == "at_s" else value), one
    assert [notice.text for notice in notices] == case.content["expect"]["notices"]
    assert case.content["source"]


@pytest.mark.parametrize("case", SURVEYS, ids=case_id)
def test_a_survey_tells_what_logs_there_are_and_the_clock(case: Case) -> None:
    content, expect = case.content, case.content["expect"]
    data = str(content.get("output", "")).encode() or base64.b64decode(content["output_base64"])
    found = surveyed(data, content["sent_s"], content["heard_s"])
    assert found.ahead_s == pytest.approx(expect["ahead_s"], abs=1e-3)
    assert found.error_s == pytest.approx(expect["error_s"], abs=1e-3)
    for name in ("zone_s", "journal", "own_lines_only", "picks_fields", "greps"):
        assert getattr(found, name) == expect[name], name
    assert [list(one) for one in found.files] == expect["files"]
    assert sorted(found.tools) == expect["tools"]
    assert list(found.groups) == expect["groups"]


def test_a_clock_that_is_off_is_measured_and_one_within_the_error_is_not_corrected() -> None:
    text = b"== clock\n1000.5 -0330\n== end\n"
    assert surveyed(text, 899.9, 900.1).ahead_s == pytest.approx(100.5)
    assert surveyed(text, 1000.2, 1000.7).ahead_s == 0.0
    assert surveyed(text, 1000.2, 1000.7).zone_s == -12600.0
    busybox = surveyed(b"== clock\n1000.%N +0000\n== end\n", 1000.0, 1000.1)
    assert busybox.ahead_s == 0.0
    assert busybox.error_s == pytest.approx(0.55)


@pytest.mark.parametrize("text", [b"", b"== clock\n12", b"== clock\nx y z\n== end\n"])
def test_a_survey_that_is_not_whole_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"whole|date"):
        surveyed(text, 0.0, 1.0)
