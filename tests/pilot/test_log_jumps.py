"""From a line of the logs to what it is about: its host, its process, its unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from opsdash.activities.monitor.processes_panel import ProcessesPanel
from opsdash.activities.monitor.timeline_panel import TimelinePanel
from opsdash.activities.troubleshoot.log_page import LogPage
from opsdash.core.log_record import LogRecord
from opsdash.core.reading import Row
from tests.fleet_states import NOW, up
from tests.pilot.test_acting import typed
from tests.pilot.test_processes import USUAL, host, listing, process
from tests.screens import LARGE, Stage, on_stage


def said(ago_s: float, by: str, text: str, pid: int | None = None) -> LogRecord:
    return LogRecord(NOW - ago_s, by, text, "journal", 4, "mysqld", "mysqld.service", pid)


SLOW = said(30.0, "db3", "a slow query", 812)
HOSTS = [host(listing(), name="db3"), up("web01")]


async def at_the_line(stage: Stage, *lines: LogRecord) -> LogPage:
    """The logs of all hosts, with the cursor on the last of these lines."""
    stage.source.logs.coming = [
        *lines,
        LogRecord(NOW - 1, "web01", "unrelated", "journal", 6, "cron", "cron.service", 7),
    ]
    await stage.press("*", "3", "k")
    assert isinstance(stage.app.page, LogPage)
    return stage.app.page


async def told_later(stage: Stage, rows: Iterable[Row], hidden: float = 0.0) -> None:
    """The host tells its processes once more, a minute later."""
    stage.clock.at += 60
    stage.source.put(host(replace(listing(rows, hidden=hidden), at=stage.clock.at)))
    await stage.draw()


async def test_the_process_of_a_line_is_pointed_at() -> None:
    async with on_stage(HOSTS) as stage:
        await at_the_line(stage, SLOW)
        await stage.press("P")
        page = stage.app.page
        assert isinstance(page, ProcessesPanel)
        assert page.host == "db3"
        assert (page.grid.cursor_key or "").startswith("812:")
        await stage.press("j")
        await told_later(stage, USUAL)
        assert not (page.grid.cursor_key or "").startswith("812:")
        assert "does not run" not in stage.text


REUSED = process(812, "other", age_s=10.0)


@pytest.mark.parametrize(
    ("rows", "hidden", "why"),
    [
        (USUAL[:3], 0.0, "process 812 does not run any more"),
        ((*USUAL[:3], REUSED), 0.0, "other, which began later, has its id now"),
        (USUAL[:3], 1.0, "process 812 is not among those that are listed"),
    ],
)
async def test_a_process_that_is_gone_is_said_to_be(
    rows: tuple[Row, ...], hidden: float, why: str
) -> None:
    async with on_stage([host(listing(USUAL[:3])), up("web01")], LARGE) as stage:
        await at_the_line(stage, SLOW)
        stage.clock.at += 1
        await stage.press("P")
        assert "process 812" not in stage.text, "a list of before tells nothing"
        await told_later(stage, rows, hidden)
        assert why in stage.text


async def test_a_process_is_gone_to_by_its_id() -> None:
    async with on_stage(HOSTS) as stage:
        await stage.press("2", "P")
        await typed(stage, "processes 901")
        page = stage.app.page
        assert isinstance(page, ProcessesPanel)
        assert (page.grid.cursor_key or "").startswith("901:")
        await typed(stage, "processes mysqld")
        assert "mysqld is no process: 4711, or 4711 at:13:50" in stage.text


async def test_the_unit_of_a_line_leads_to_its_lines_and_to_what_happened_to_it() -> None:
    async with on_stage(HOSTS, LARGE) as stage:
        elsewhere = said(40.0, "web01", "the same unit of another host")
        page = await at_the_line(stage, elsewhere, SLOW)
        await stage.press("b")
        assert page.found() == 1
        assert "a slow query" in stage.text
        await stage.press("escape")
        entry = page.under_cursor()
        assert entry is not None
        assert (entry.text, page.found()) == (SLOW.text, 3)
        await stage.press("t")
        assert isinstance(stage.app.page, TimelinePanel)
        assert stage.app.page.filter_text == "host:db3 mysqld.service"
        await stage.press("1", "t")
        assert isinstance(stage.app.page, TimelinePanel)
        assert stage.app.page.filter_text == ""


async def test_lines_without_a_unit_are_those_of_the_program() -> None:
    async with on_stage(HOSTS) as stage:
        page = await at_the_line(stage, replace(SLOW, unit="", program="two words"), SLOW)
        await stage.press("k", "b")
        assert page.found() == 1
        await stage.press("escape")
        stage.source.logs.feeds[-1].come(replace(SLOW, unit="", program="", text="nobody"))
        await stage.draw()
        await stage.press("G", "b")
        assert "no unit or program is told here" in stage.text


async def test_the_host_page_is_of_the_line_though_no_key_went_there() -> None:
    async with on_stage(HOSTS) as stage:
        await at_the_line(stage, SLOW)
        await stage.press("o")
        stage.source.logs.feeds[-1].come(said(0.0, "db3", "the last word"))
        await stage.draw()
        await stage.press("2")
        assert stage.app.page is not None
        assert stage.app.page.pointed() == "db3"


async def test_a_host_that_is_named_is_gone_to_whatever_the_line_is_of() -> None:
    async with on_stage(HOSTS) as stage:
        await at_the_line(stage, SLOW)
        await typed(stage, "host web01")
        assert stage.app.page is not None
        assert (stage.app.page.slug, stage.app.page.pointed()) == ("host", "web01")


async def test_a_line_in_full_says_where_the_keys_lead() -> None:
    async with on_stage(HOSTS) as stage:
        await at_the_line(stage, SLOW)
        await stage.press("enter")
        for words in ("2        its host db3", "P        its process 812", "mysqld.service there"):
            assert words in stage.text
