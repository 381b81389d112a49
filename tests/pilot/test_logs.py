"""The page of logs: lines of many hosts by time, rates, patterns, filter, search, copies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.activities.troubleshoot.log_page import LogPage
from opsdash.core.health import Health
from opsdash.core.log_record import LogEntry, LogGap, LogNotice, LogRecord
from opsdash.core.named_log import NamedLog
from tests.fleet_states import NOW, up, wrong
from tests.log_feeds import KeptFeed
from tests.pilot.test_acting import typed
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

SYN = "TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies."
EXIT = "nginx.service: Main process exited, code=exited, status=1/FAILURE"
BIND = "bind() to 0.0.0.0:443 failed (98: Address already in use)"
SSHD = "error: maximum authentication attempts exceeded for root from 10.1.2.3 port 4711 ssh2"


def rec(ago_s: float, host: str, priority: int | None, program: str, text: str) -> LogRecord:
    return LogRecord(
        NOW - ago_s, host, text, "journal", priority, program, f"{program}.service", 42
    )


def scene() -> list[LogEntry]:
    """A quiet quarter of an hour, and then a service that does not come up."""
    found: list[LogEntry] = [
        rec(900 - 60 * minute, f"web{minute % 3 + 1:02d}", 6, "cron", f"(root) CMD (job {minute})")
        for minute in range(15)
    ]
    found += [
        rec(700.0, "web01", 4, "sshd", SSHD),
        rec(120.0, "web07", 3, "systemd", EXIT),
        *(rec(119.5 - number / 10, "web07", 3, "nginx", BIND) for number in range(37)),
        rec(90.0, "web02", 4, "kernel", SYN),
        LogGap("web03", "journal", "the connection broke", NOW - 80, NOW - 60),
        rec(31.0, "web07", 3, "systemd", "nginx.service: Start request repeated too quickly."),
        rec(30.0, "web07", None, "app", "no priority is told here, \x1b[31mand this is hostile"),
        rec(20.0, "web01", 6, "app", "word " * 60),
    ]
    return sorted(found, key=lambda one: one.at_s or 0.0)


HOSTS = [up(f"web{number:02d}") for number in (1, 2, 3, 7)]


async def opened(stage: Stage, *keys: str) -> KeptFeed:
    """The logs of all hosts, and what the feed is."""
    await stage.press("*", "3", *keys)
    return stage.source.logs.feeds[-1]


def prepare(stage: Stage) -> None:
    stage.source.logs.coming = scene()
    stage.source.logs.known = {("cron", "(root) CMD (job <n>)")}


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_logs_of_many_hosts_are_one_list_by_time(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with on_stage(HOSTS, size) as stage:
        prepare(stage)
        await opened(stage)
        assert_snapshot(f"logs-{name}", stage.text)
        await stage.press("K")
        assert_snapshot(f"logs-patterns-{name}", stage.text)
        await stage.press("K", "w")
        assert_snapshot(f"logs-wrapped-{name}", stage.text)


async def test_e_goes_from_error_to_error_and_stops_following() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage, "E")
        assert "HELD" in stage.lines[0]
        await stage.press("E", "E")
        view = stage.app.page.view  # type: ignore[union-attr]
        assert feed.book[view.cursor].text == EXIT
        await stage.press("E")
        assert "no error above" in stage.text
        await stage.press("e")
        assert feed.book[view.cursor].text == BIND
        await stage.press("G")
        assert "FOLLOW" in stage.lines[0]


async def test_lines_that_come_are_followed_or_wait_below() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage)
        feed.come(rec(5.0, "web03", 2, "kernel", "Out of memory: Killed process 4711 (java)"))
        await stage.draw()
        assert "Out of memory" in stage.text
        assert "NEW" in next(one for one in stage.lines if "Out of memory" in one)
        await stage.press("k")
        before = stage.app.page.view.cursor  # type: ignore[union-attr]
        feed.come(*(rec(4.0, "web01", 6, "app", f"{number} came later") for number in range(50)))
        await stage.draw()
        assert stage.app.page.view.cursor == before  # type: ignore[union-attr]
        assert "49 came later" not in stage.text
        await stage.press("o")
        assert "49 came later" in stage.text


async def test_a_filter_hides_lines_and_dropped_it_leaves_the_cursor_among_its_neighbours() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage, "/", *"prio", ">", "=", *"err", "enter")
        assert "SYN flooding" not in stage.text
        assert "3 of 23 lines" in stage.lines[0]
        await stage.press("k", "escape")
        view = stage.app.page.view  # type: ignore[union-attr]
        assert feed.book[view.cursor].text == BIND
        assert "SYN flooding" in stage.text
        await stage.press("n")
        assert feed.book[view.cursor].text.startswith("nginx.service: Start request")
        await stage.press("N", "N")
        assert feed.book[view.cursor].text == EXIT


async def test_lines_around_those_that_fit_are_of_the_same_host_and_told_apart() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage, "/", *"flooding|sshd", "enter", "k")
        page = stage.app.page
        assert isinstance(page, LogPage)
        await stage.press("a")
        assert "3 lines of its host around each that fits" in stage.text
        entry = page.under_cursor()
        assert entry is not None
        assert entry.text == SSHD
        assert_snapshot("logs-around-80x24", stage.text)
        await stage.press("a")
        assert "10 lines around each" in stage.lines[3]
        await stage.press("a")
        assert "around each" not in stage.lines[3]
        assert page.found() == 2


async def test_what_can_not_be_understood_is_pointed_at_and_nothing_is_lost() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage, "/", *"prio", ">", "=", *"bad")
        assert "is no priority" in stage.text
        await stage.press("escape")
        assert "SYN flooding" in stage.text


async def test_what_is_not_there_is_said() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage)
        feed.lacking = {"web03": "not reached: no route to host"}
        feed.lost = {"web07": 1234}
        feed.clocks = {"web02": 90.0}
        feed.said = [
            LogNotice(name, "sees its own messages only", "usermod -aG adm ops")
            for name in ("web01", "web02")
        ]
        feed.rev += 1
        await stage.draw()
        assert_snapshot("logs-lacking-80x24", stage.text)
        await stage.press("=")
        assert feed.paused
        assert "PAUSED" in stage.lines[0]


async def test_a_line_in_full_its_copy_and_all_lines_in_a_file() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage, "E", "enter")
        assert "by its own clock" in stage.text
        assert "nginx.service: Start request repeated too quickly." in stage.text
        await stage.press("q", "2")
        assert stage.app.page is not None
        assert stage.app.page.pointed() == "web07"


async def test_a_window_of_time_and_words_behind_the_name_ask_the_hosts_anew() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage, "z", *"6 hours", "enter")
        assert stage.source.logs.feeds[-1].query.since_s == pytest.approx(NOW - 6 * 3600, abs=60)
        stage.app.action_view("logs", "unit:nginx prio>=err bind")
        await stage.settle()
        query = stage.source.logs.feeds[-1].query
        assert (query.units, query.priority) == (("nginx",), 3)
        assert "/bind" in stage.text
        stage.app.action_view("logs", "file:relative")
        await stage.settle()
        assert "the path of a file begins with /" in stage.text


async def test_logs_that_the_hosts_file_names_are_asked_for_by_their_names() -> None:
    host = up("web01")
    named = (NamedLog("queue", command="tail -F /srv/queue"), NamedLog("app", "/srv/app.log"))
    named_host = replace(host, host=replace(host.host, logs=named))
    async with on_stage([named_host, up("web02")]) as stage:
        prepare(stage)
        await opened(stage)
        stage.app.action_view("logs", "source:queue source:app failed")
        await stage.settle()
        query = stage.source.logs.feeds[-1].query
        assert query.named == ("queue", "app")
        assert "source queue, source app" in stage.text
        asked = len(stage.source.logs.feeds)
        stage.app.action_view("logs", "source:quue")
        await stage.settle()
        said = "none of these hosts has a log called quue (did you mean queue?)"
        assert said in stage.text
        assert len(stage.source.logs.feeds) == asked
        assert stage.source.logs.feeds[-1].query is query


async def test_the_page_of_a_host_says_which_logs_have_a_name() -> None:
    host = up("web01")
    named_host = replace(host, host=replace(host.host, logs=(NamedLog("queue", command="x"),)))
    async with on_stage([named_host], LARGE) as stage:
        await stage.press("enter")
        assert any("logs " in line and "queue" in line for line in stage.lines)


async def test_no_escape_of_a_hostile_line_reaches_the_screen() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage)
        assert "\x1b" not in stage.text


async def test_one_host_needs_no_column_of_hosts() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await stage.press("l")
        feed = stage.source.logs.feeds[-1]
        assert len(feed.hosts) == 1


async def test_long_lines_in_several_rows_stay_where_they_are_while_the_cursor_moves() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage)
        feed.come(*(rec(5.0, "web01", 6, "app", f"{n} " + "word " * 40) for n in range(30)))
        await stage.draw()
        await stage.press("w", "k")
        before = stage.lines[4:-2]
        for key in ("k", "k", "j", "j", "k"):
            await stage.press(key)
            assert stage.lines[4:-2] == before
        view = stage.app.page.view  # type: ignore[union-attr]
        for key in ("k",) * 12 + ("j",) * 9:
            await stage.press(key)
            assert any(f" {view.cursor - feed.book.end + 30} word" in one for one in stage.lines)


async def test_a_wrapped_line_loses_no_wide_character_and_says_where_it_is_cut() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage, "w")
        feed.come(rec(5.0, "web01", 6, "app", "日本" * 30 + "終"))
        await stage.draw()
        assert "終" in stage.text
        feed.come(rec(4.0, "web01", 6, "app", "y" * 2000))
        await stage.draw()
        assert "y…" in stage.text


async def test_a_kind_leads_to_its_line_though_that_came_again_and_again() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage)
        kind = next(one for one in feed.kinds.all().values() if one.line.text == BIND)
        stage.app.page.go_to_kind(kind)  # type: ignore[union-attr]
        assert feed.book[stage.app.page.view.cursor].text == BIND  # type: ignore[union-attr]


async def test_a_filter_that_means_nothing_is_refused_when_it_is_entered() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage, "/", *"prio", ">", "=", *"bad", "enter")
        assert "is no priority" in stage.text


async def test_a_notice_names_its_host_once_and_those_that_say_the_same_are_one() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage)
        feed.said = [LogNotice(name, f"{name}: journal: odd") for name in ("web01", "web02")]
        feed.rev += 1
        await stage.draw()
        assert "web01 and 1 more: journal: odd" in stage.text


async def test_from_now_on_asks_for_nothing_older() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage, "z", *"from now", "enter")
        query = stage.source.logs.feeds[-1].query
        assert (query.since_s, query.lines, query.follow) == (None, 0, True)


async def test_hosts_that_tell_no_priorities_are_not_said_to_have_no_errors() -> None:
    async with on_stage(HOSTS) as stage:
        stage.source.logs.coming = [rec(5.0, "web01", None, "sshd", "error: nobody says how bad")]
        await opened(stage)
        assert "their lines tell no priority" in stage.text
        assert "no errors so far" not in stage.text


async def test_hosts_are_let_go_of_when_nobody_has_looked_for_long() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage)
        page = stage.app.page
        assert isinstance(page, LogPage)
        await stage.press("1")
        for away_s, rests in ((500, False), (99, False), (2, True)):
            stage.clock.at += away_s
            feed.at_s = stage.clock.at
            page.look_for_news()
            assert (feed.rested_since_s is not None) is rests
        stage.clock.at += 3600
        await stage.press("3")
        await stage.draw()
        assert feed is stage.source.logs.feeds[-1]
        assert feed.rested_since_s is None
        assert "read until 08:10:01: what came since then comes now" in stage.text


async def test_in_the_past_the_lines_are_those_of_the_moment() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        stage.source.stored = {NOW - 600: HOSTS, NOW - 300: HOSTS, NOW - 86400: HOSTS}
        await opened(stage, "comma")
        feeds = stage.source.logs.feeds
        feed, view = feeds[-1], stage.app.page.view  # type: ignore[union-attr]
        assert (feed.query.since_s, feed.query.follow) == (NOW - 900, True)
        assert feed.book[view.cursor].at_s == NOW - 300
        await stage.press("comma")
        assert feeds[-1] is feed
        assert feed.book[view.cursor].at_s == NOW - 600
        await stage.press("comma")
        assert feeds[-1].query.until_s == NOW - 86400 + 600
        assert "NOT LIVE" in stage.lines[0]
        await stage.press("semicolon")
        assert feeds[-1].query.since_s is None


async def test_why_and_the_timeline_lead_to_the_lines_of_their_time() -> None:
    failed = replace(wrong("web07", Health.CRIT, "nginx.service failed"), subject="nginx.service")
    async with on_stage([up("web07", failed), up("web01")]) as stage:
        prepare(stage)
        await stage.press("x", "l")
        feed = stage.source.logs.feeds[-1]
        assert (feed.hosts, feed.query.units) == (("web07",), ("nginx.service",))
        assert feed.query.since_s == pytest.approx(failed.since - 600, abs=1)
        await stage.press("1", "l")
        assert stage.source.logs.feeds[-1].query.units == ()


async def test_a_time_is_gone_to_and_so_is_the_minute_of_the_spike() -> None:
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        feed = await opened(stage, "S")
        view = stage.app.page.view  # type: ignore[union-attr]
        assert feed.book[view.cursor].text == "(root) CMD (job 13)"
        assert "HELD" in stage.lines[0]
        await typed(stage, "goto 07:50")
        assert feed.book[view.cursor].text == "(root) CMD (job 5)"
        await typed(stage, "goto soon")
        assert "soon is no moment" in stage.text


async def test_the_lines_that_are_shown_go_to_a_file_as_text_and_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with on_stage(HOSTS) as stage:
        prepare(stage)
        await opened(stage, "/", *"bind", "enter", "X")
        await stage.app.workers.wait_for_complete()
        (text,) = [one for one in tmp_path.rglob("*") if one.is_file()]
        assert "web07 err nginx[42]: bind() to 0.0.0.0:443" in text.read_text()
        stage.clock.at += 5
        await typed(stage, "jsonl")
        await stage.app.workers.wait_for_complete()
        files = [one for one in tmp_path.rglob("*") if one.is_file()]
        (lines,) = [one.read_text() for one in files if one.read_text().startswith("{")]
        assert json.loads(lines)["text"] == BIND


@pytest.mark.parametrize("at_s", [1e18, -1e18, 1e300])
async def test_a_time_that_no_calendar_has_breaks_nothing(at_s: float) -> None:
    async with on_stage(HOSTS, LARGE) as stage:
        prepare(stage)
        feed = await opened(stage, "K")
        feed.come(replace(rec(0.0, "web01", 2, "app", "from another age"), at_s=at_s))
        await stage.draw()
        assert "--:--:--.--- web01" in stage.text
        assert "could not be drawn" not in stage.text
        await stage.press("G", "c", "enter")
        assert "from another age" in stage.text
