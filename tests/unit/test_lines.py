"""Lines, columns and words: the parts that every screen is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.snapshot import HostState, Link, LinkState
from opsdash.widgets.columns import Column, fit_columns
from opsdash.widgets.line import Span, beside, fit, fit_right, line, spread, wrap
from opsdash.widgets.palette import Palette
from opsdash.widgets.wording import age, ago, is_old, reason
from tests.fleet_states import NOW, disk_full, down, up, wrong
from tests.looks import NIGHT


def text(parts: tuple[Span, ...]) -> str:
    return "".join(part.text for part in parts)


def test_wide_characters_count_two_cells() -> None:
    assert fit("日本語", 5) == "日本…"
    assert fit("日本", 5) == "日本 "
    assert fit_right("日本", 5) == " 日本"


def test_the_right_part_of_a_line_is_never_cut() -> None:
    assert text(spread(line("a long reason"), line(" NEW"), 10)) == "a lon… NEW"
    assert text(spread(line("short"), line(" NEW"), 12)) == "short    NEW"


def test_two_columns_stand_side_by_side() -> None:
    rows = beside([line("left")], [line("right"), line("more")], 13)
    assert [text(row) for row in rows] == ["left    right", "        more"]


def test_paragraphs_break_at_spaces_and_keep_their_own_lines() -> None:
    assert wrap("one two three\nfour", 9) == ["one two", "three", "four"]


def test_what_is_two_cells_wide_takes_two_of_a_paragraphs_width() -> None:
    assert wrap("日本語のログ end", 8) == ["日本語の", "ログ", "end"]
    assert wrap("日本語のログ日本語のログ", 9) == ["日本語の", "ログ日本", "語", "のログ"]


def columns() -> list[Column[str]]:
    def cell(value: str, width: int) -> tuple[Span, ...]:
        return line(value)

    return [
        Column("A", 4, cell),
        Column("W", 10, cell, flexible=True),
        Column("B", 4, cell, 2),
        Column("C", 4, cell, 1),
    ]


@pytest.mark.parametrize(
    ("width", "titles", "flexible"),
    [(30, "AWBC", 15), (25, "AWBC", 10), (24, "AWC", 14), (19, "AW", 14), (8, "AW", 3)],
)
def test_columns_leave_by_rank_and_the_flexible_one_takes_the_rest(
    width: int, titles: str, flexible: int
) -> None:
    fitted = fit_columns(columns(), width)
    assert "".join(column.title for column, _ in fitted) == titles
    assert {column.title: cells for column, cells in fitted}["W"] == flexible


def test_ascii_only_has_no_other_character_and_keeps_widths() -> None:
    palette = Palette(NIGHT, ascii_only=True)
    assert palette.drawable("… ─ 日 é") == "~ - ?? ?"
    assert all(palette.glyph(health).isascii() for health in Health)
    assert Palette(NIGHT).drawable("日 é") == "日 é"


def test_a_lost_link_speaks_before_old_findings() -> None:
    lost = replace(down("a"), findings=(disk_full("a"),))
    assert reason(lost, NOW).text == "no answer from a within 10 s"
    assert reason(lost, NOW).more == 1


def test_a_finding_about_the_lost_link_is_not_said_twice() -> None:
    judged = wrong("a", Health.DOWN, "unreachable: no answer", 60)
    assert reason(replace(down("a"), findings=(judged,)), NOW).text == "unreachable: no answer"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (LinkState.CONNECTING, "connecting…"),
        (LinkState.IDLE, "not asked yet"),
        (LinkState.UP, "connected, no data yet"),
        (LinkState.DOWN, "not reachable"),
    ],
)
def test_a_host_without_data_says_what_it_is_waiting_for(state: LinkState, text: str) -> None:
    assert reason(HostState(Host("a"), link=Link(state)), NOW).text == text


@pytest.mark.parametrize(
    ("age_s", "text"), [(1, "first figures in, not yet judged"), (75, "data too old to judge")]
)
def test_only_old_data_is_called_too_old(age_s: float, text: str) -> None:
    state = replace(up("a"), at=NOW - age_s, health=Health.UNKNOWN)
    assert reason(state, NOW).text == text


def test_a_problem_of_a_link_that_came_back_is_not_a_reason() -> None:
    problem = Problem(ProblemKind.LOST, "connection lost")
    state = replace(up("a"), link=Link(LinkState.UP, NOW, problem))
    assert reason(state, NOW).text == ""


@pytest.mark.parametrize(
    ("age_s", "shown", "old"),
    [(0, "<5s", False), (4.9, "<5s", False), (5, "5s?", True), (75, "75s?", True)],
)
def test_fresh_figures_have_a_quiet_age(age_s: float, shown: str, old: bool) -> None:
    state = replace(up("a"), at=NOW - age_s)
    assert age(state, NOW) == shown
    assert is_old(state, NOW) is old


def test_a_slow_interval_is_not_called_old() -> None:
    slow = replace(up("a"), at=NOW - 60, host=Host("a", interval_s=30))
    assert age(slow, NOW) == "<61s"


def test_a_host_that_never_answered_has_no_age() -> None:
    assert age(down("a"), NOW) == "-"
    assert is_old(down("a"), NOW)


@pytest.mark.parametrize(
    ("began_s", "shown"),
    [(0.4, "<5s"), (4.9, "<5s"), (5, "5s"), (9.9, "5s"), (59, "55s"), (61, "61s"), (600, "10m")],
)
def test_short_spans_tick_in_steps_of_five_seconds(began_s: float, shown: str) -> None:
    assert ago(NOW - began_s, NOW) == shown


def test_a_span_that_is_not_known_is_a_dash() -> None:
    assert ago(0, NOW) == "-"
