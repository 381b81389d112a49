"""Forwarded ports on the screen: opened by name, listed, closed by a key, told at the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.forward import Forward, Wish
from opsdash.core.problem import Problem, ProblemKind
from tests.fleet_states import EVIL, NOW, up
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

HOSTS = [up("web1"), up("db1"), up("cache1")]

BUSY = Forward(
    1,
    "web1",
    Wish(8080, "localhost", 80),
    NOW - 7260,
    open=2,
    made=41,
    sent_bytes=81_000,
    received_bytes=12_400_000,
)
SLEEPS = Forward(2, "db1", Wish(5432, "10.20.30.40", 5432), NOW - 65, said="nothing there")
WAITS = Forward(3, "cache1", Wish(6379, "localhost", 6379), NOW - 3, up=False, made=3)


async def done(stage: Stage) -> None:
    await stage.app.workers.wait_for_complete()
    await stage.settle()


async def typed(stage: Stage, words: str) -> None:
    await stage.press(":", *("space" if letter == " " else letter for letter in words), "enter")
    await done(stage)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_what_goes_through_each_is_listed(size: tuple[int, int]) -> None:
    async with on_stage(HOSTS, size) as stage:
        await stage.press("F")
        assert_snapshot(f"forwards-empty-{size[0]}x{size[1]}", stage.text)
        stage.source.forwards.known = {one.id: one for one in (BUSY, SLEEPS, WAITS)}
        await stage.press("1", "F", "down")
        await stage.draw()
        assert_snapshot(f"forwards-{size[0]}x{size[1]}", stage.text)


async def test_a_port_is_forwarded_by_name_and_says_where_it_is() -> None:
    async with on_stage(HOSTS) as stage:
        assert stage.app.page
        host = stage.app.page.pointed()
        await typed(stage, "forward 8080:80")
        assert f"127.0.0.1:8080 leads to localhost:80 of {host}; F lists them" in stage.text
        stage.source.forwards.said = "no connection to localhost:1"
        await typed(stage, "forward 9000:1")
        assert "127.0.0.1:9000 is open, but no connection to localhost:1" in stage.text
        stage.source.forwards.tells[0]("the forward of 127.0.0.1:8080 works again")
        await stage.settle()
        assert "works again" in stage.text


@pytest.mark.parametrize(
    ("words", "said"),
    [("forward http", "a port is a number"), ("forward 8080:a;b:80", "must not hold ';'")],
)
async def test_what_is_no_port_is_said(words: str, said: str) -> None:
    async with on_stage(HOSTS) as stage:
        await typed(stage, words)
        assert said in stage.text
        assert stage.source.forwards.all() == ()


async def test_why_none_was_opened_is_said_with_a_next_step() -> None:
    async with on_stage(HOSTS) as stage:
        stage.source.forwards.refuses = Problem(ProblemKind.CONFIG, "port 80 is in use", "take 81")
        await typed(stage, "forward 80")
        assert "port 80 is in use; take 81" in stage.text


async def test_the_one_under_the_cursor_is_closed_or_copied() -> None:
    async with on_stage(HOSTS) as stage:
        stage.source.forwards.known = {one.id: one for one in (BUSY, SLEEPS)}
        await stage.press("F", "down", "c")
        assert "127.0.0.1:5432" in stage.app.clipboard
        await stage.press("up", "K")
        await done(stage)
        assert stage.source.forwards.all() == (SLEEPS,)
        assert "127.0.0.1:8080 to web1 is closed, 2 connections cut" in stage.text
        await stage.press("enter")
        assert stage.app.page
        assert (stage.app.page.slug, stage.app.page.pointed()) == ("host", "db1")


async def test_an_empty_list_has_nothing_to_close() -> None:
    async with on_stage(HOSTS) as stage:
        await stage.press("F", "K")
        assert "nothing to close: no port is forwarded" in stage.text


async def test_they_end_with_the_program_which_says_so() -> None:
    async with on_stage(HOSTS) as stage:
        stage.source.forwards.known = {one.id: one for one in (BUSY, WAITS)}
        await stage.press("ctrl+q")
        said = "2 forwarded ports closed: 127.0.0.1:8080 to web1, 127.0.0.1:6379 to cache1"
        assert stage.app.last_words == said


async def test_in_the_past_none_is_opened() -> None:
    async with on_stage(HOSTS) as stage:
        stage.source.stored = {stage.clock.at - 60: HOSTS}
        await stage.press(",")
        await done(stage)
        await typed(stage, "forward 80")
        assert stage.source.forwards.all() == ()


async def test_hostile_words_stay_words() -> None:
    async with on_stage([replace(up("web1"))]) as stage:
        stage.source.forwards.known = {1: replace(SLEEPS, said=EVIL)}
        await stage.press("F")
        assert "evil[/red]" in stage.text
        assert "\x1b" not in stage.text
